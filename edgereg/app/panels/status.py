"""The status bar: rate, times per stage, drops, provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget
from superqt import QElidingLabel

from edgereg.app.look.language import tr
from edgereg.app.look.theme import tabular
from edgereg.pipeline.stats import Report, StageStats

SHORT_PROVIDERS: Mapping[str, str] = {
    "CPUExecutionProvider": "CPU",
    "CUDAExecutionProvider": "CUDA",
    "TensorrtExecutionProvider": "TensorRT",
}


class Status(QStatusBar):
    """Follows the reports of a player; the tool tip has the table of all stages."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 8, 2)
        self.rate, self.stages = QLabel(tr("ready")), QElidingLabel()
        self.drops, self.provider = QLabel(), QLabel()
        self.addWidget(self.rate)
        self.addWidget(self.stages, 1)
        self.addPermanentWidget(self.drops)
        self.addPermanentWidget(self.provider)
        for label in (self.rate, self.stages, self.drops, self.provider):
            tabular(label)

    def set_providers(self, providers: Sequence[str]) -> None:
        """Name what runs the models."""
        names = (SHORT_PROVIDERS.get(name, name) for name in providers)
        self.provider.setText(" + ".join(names))

    def show_report(self, report: Report) -> None:
        """Show where the time goes."""
        stats = report.stats
        self.rate.setText(f"{stats.fps:5.1f} fps")
        self.stages.setText("p50/p95 ms:  " + "  ".join(stage_texts(stats.stages)))
        self.stages.setToolTip(stage_table(stats.stages))
        self.drops.setText(tr("dropped {count}").format(count=stats.dropped) + "  ")

    def clear(self) -> None:
        """Nothing is open."""
        self.rate.setText(tr("ready"))
        self.stages.setText("")
        self.drops.clear()


def stage_texts(stages: Mapping[str, StageStats]) -> list[str]:
    """`name p50/p95` of each stage that takes time; 'write' is where a player waits."""
    return [
        f"{name} {stage.p50_ms:.1f}/{stage.p95_ms:.1f}"
        for name, stage in stages.items()
        if name != "write" and stage.p95_ms >= 0.05
    ]


def stage_table(stages: Mapping[str, StageStats]) -> str:
    """A table of p50, p95 and p99, as rich text."""
    head = f"<tr><th>{tr('stage')}</th><th>p50</th><th>p95</th><th>p99 ms</th></tr>"
    rows = (
        f"<tr><td>{name}&nbsp;</td><td align=right>{stage.p50_ms:.1f}&nbsp;</td>"
        f"<td align=right>{stage.p95_ms:.1f}&nbsp;</td><td align=right>{stage.p99_ms:.1f}</td></tr>"
        for name, stage in stages.items()
        if name != "write"
    )
    return f"<table cellpadding=2>{head}{''.join(rows)}</table>"
