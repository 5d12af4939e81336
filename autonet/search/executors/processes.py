"""Run jobs in worker processes, each of which can die without harm to anything but its job."""




__all__ = ["Processes"]
