"""What the tests of plugins stand on: contracts to inherit, a model that answers what a test says.

The fixtures `edgereg_task`, `edgereg_clip` and `edgereg_run` come with pytest by themselves
(`edgereg.pytest_plugin`). See docs/plugins.md.
"""

from edgereg.testing.contracts import SinkContract as SinkContract
from edgereg.testing.contracts import SourceContract as SourceContract
from edgereg.testing.contracts import TaskContract as TaskContract
from edgereg.testing.engine_contract import EngineContract as EngineContract
from edgereg.testing.fakes import FakeModel as FakeModel
from edgereg.testing.filter_contract import FilterContract as FilterContract
