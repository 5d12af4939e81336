"""Functions of torch that ONNX and onnxscript have no operators for."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from onnx import TensorProto, helper
from onnxscript import opset18

__all__ = ["TRANSLATIONS"]

op: Any = opset18
INT64 = 7  # ONNX's number of the type

# Probability to which those of `ndtri` are clipped: its quantile is -4.26, and features are clipped to -4 and 4.
MIN_PROBABILITY = 1e-5

# Wichura, "Algorithm AS 241: The percentage points of the normal distribution" (1988), PPND16: coefficients of the
# numerator and the denominator, in ascending order, near 0.5 and in the tails.
CENTER_NUMERATOR = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
CENTER_DENOMINATOR = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
TAIL_NUMERATOR = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
TAIL_DENOMINATOR = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)


def searchsorted(sequence: Any, values: Any, **_: Any) -> Any:
    """Count the entries of sequences (p, k) below values (p, n), none of which is NaN."""
    below = op.Less(op.Unsqueeze(sequence, [1]), op.Unsqueeze(values, [2]))
    return op.ReduceSum(op.Cast(below, to=INT64), [2], keepdims=0)


def ndtri(p: Any) -> Any:
    """Return quantiles of the normal distribution, clipped to -4.26 and 4.26, float64."""
    p = op.Clip(p, _double(MIN_PROBABILITY), _double(1 - MIN_PROBABILITY))
    q = op.Sub(p, _double(0.5))
    near = op.Sub(_double(0.180625), op.Mul(q, q))
    center = op.Mul(q, _ratio(CENTER_NUMERATOR, CENTER_DENOMINATOR, near))
    distance = op.Sqrt(op.Neg(op.Log(op.Min(p, op.Sub(_double(1.0), p)))))
    tail = op.Mul(op.Sign(q), _ratio(TAIL_NUMERATOR, TAIL_DENOMINATOR, op.Sub(distance, _double(1.6))))
    return op.Where(op.LessOrEqual(op.Abs(q), _double(0.425)), center, tail)


def _ratio(numerator: Sequence[float], denominator: Sequence[float], x: Any) -> Any:
    return op.Div(_polynomial(numerator, x), _polynomial(denominator, x))


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """Evaluate a polynomial by Horner's rule."""
    value = _double(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = op.Add(op.Mul(value, x), _double(coefficient))
    return value


def _double(value: float) -> Any:
    return op.Constant(value=helper.make_tensor("value", TensorProto.DOUBLE, [], [value]))


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.aten.searchsorted.Tensor: searchsorted,
    torch.ops.aten.special_ndtri.default: ndtri,
}
