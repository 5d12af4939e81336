"""Descriptions of options of Auto-PyTorch."""

from autonet.estimators.autopytorch.old_option import OldOption, ignored


def test_an_option_is_kept_unless_it_is_described_otherwise() -> None:
    assert OldOption("eta", 3).fate == "kept"
    option = ignored("task_id", -1, "there is no server", (-1, 1))
    assert (option.fate, option.why, option.values) == ("ignored", "there is no server", (-1, 1))
