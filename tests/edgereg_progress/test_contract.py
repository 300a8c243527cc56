"""What holds for every task holds for this one."""

from edgereg.testing import TaskContract


class TestContract(TaskContract):
    task = "progress"
