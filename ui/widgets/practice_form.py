"""Adds or changes a practice of the sign-in list."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.services.connections import is_loopback
from ui.widgets.edits import set_invalid
from ui.widgets.labels import label
from ui.widgets.named import named

__all__ = ["PracticeForm", "problem_of"]

_PORT: Final = 5432


def problem_of(connection: Connection) -> tuple[str, str]:
    """Return (field, sentence) of the first thing wrong with a practice; ("", "") when fine.

    A connection that is not checked in full is allowed to this computer only: on any network
    between, somebody could pretend to be the practice and read the password.
    """
    if not connection.practice:
        return "name", "Give the practice a name, as you want to see it in the list."
    if not connection.host or any(letter.isspace() for letter in connection.host):
        return "host", "Type the server's name as the practice gave it to you, without spaces."
    if not 1 <= connection.port <= 65535:
        return "port", "The port is a number from 1 to 65535; PostgreSQL's own is 5432."
    if not connection.database:
        return "database", "Type the name of the practice's database."
    if connection.tls is TlsMode.LOOPBACK and not is_loopback(connection.host):
        return "tls", (
            "Only a server on this computer (127.0.0.1, localhost or ::1) may be reached without a "
            "checked certificate. Choose “Encrypted, certificate checked”."
        )
    return "", ""


class PracticeForm(QWidget):
    """The form. Nothing is saved here; the owner hears of it.

    Signals:
        accepted: the Connection as it was typed, already checked.
        removed: this Connection should leave the list.
        closed: nothing should change.
    """

    accepted = Signal(object)
    removed = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty form."""
        super().__init__(parent)
        self._edited: Connection | None = None
        self._title = named(QLabel(), "practice_title")
        self._title.setProperty("type", "h2")
        self.name = self._line("practice_name", self.tr("Name of the practice"))
        self.host = self._line("practice_host", self.tr("Server"))
        self.host.setPlaceholderText("db.example.org")
        self.port = self._line("practice_port", self.tr("Port"))
        self.port.setValidator(QIntValidator(1, 65535, self.port))
        self.database = self._line("practice_database", self.tr("Database"))
        self.tls = named(QComboBox(), "practice_tls", self.tr("Connection"))
        self.tls.addItem(self.tr("Encrypted, certificate checked"), TlsMode.VERIFY_FULL.value)
        self.tls.addItem(self.tr("This computer only"), TlsMode.LOOPBACK.value)
        self.tls.view().setAccessibleName(self.tr("Connection"))
        self.certificate = self._line("practice_certificate", self.tr("Certificate authority file"))
        self.certificate.setPlaceholderText(self.tr("The system's own"))
        browse = named(QPushButton(self.tr("Choose…")), "practice_browse")
        browse.setAccessibleName(self.tr("Choose the certificate authority file"))
        browse.clicked.connect(self._browse)
        self._why = QLabel(
            self.tr(
                "The server must prove who it is before your password is sent. Without a checked "
                "certificate only a server on this computer is allowed."
            ),
            wordWrap=True,
        )
        self._why.setProperty("type", "small")
        self._problem = named(QLabel(wordWrap=True), "practice_problem")
        self._problem.setProperty("type", "error")
        self._problem.hide()
        self._lay_out(browse)
        self.tls.currentIndexChanged.connect(self._follow_tls)

    def _line(self, name: str, label: str) -> QLineEdit:
        edit = named(QLineEdit(), name, label)
        edit.returnPressed.connect(self.submit)
        return edit

    def _lay_out(self, browse: QPushButton) -> None:
        form = QVBoxLayout()
        form.setSpacing(4)
        place = QHBoxLayout()
        place.addWidget(self.host, 3)
        place.addWidget(self.port, 1)
        authority = QHBoxLayout()
        authority.addWidget(self.certificate, 1)
        authority.addWidget(browse)
        form.addWidget(label(self.tr("Name"), "small"))
        form.addWidget(self.name)
        form.addWidget(label(self.tr("Server and port"), "small"))
        form.addLayout(place)
        form.addWidget(label(self.tr("Database"), "small"))
        form.addWidget(self.database)
        form.addWidget(label(self.tr("Connection"), "small"))
        form.addWidget(self.tls)
        form.addWidget(label(self.tr("Certificate authority (PEM file)"), "small"))
        form.addLayout(authority)
        self._remove = named(QPushButton(self.tr("Remove")), "practice_remove")
        self._remove.setProperty("kind", "ghost")
        self._remove.clicked.connect(self._on_remove)
        back = named(QPushButton(self.tr("Cancel")), "practice_cancel")
        back.clicked.connect(self.closed)
        save = named(QPushButton(self.tr("Save")), "practice_save")
        save.setProperty("kind", "primary")
        save.clicked.connect(self.submit)
        buttons = QHBoxLayout()
        buttons.addWidget(self._remove)
        buttons.addStretch(1)
        buttons.addWidget(back)
        buttons.addWidget(save)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(10)
        outer.addWidget(self._title)
        outer.addLayout(form)
        outer.addWidget(self._why)
        outer.addWidget(self._problem)
        outer.addStretch(1)
        outer.addLayout(buttons)

    def edit(self, connection: Connection | None) -> None:
        """Show a practice to change, or an empty form."""
        self._edited = connection
        shown = connection or Connection("", "", _PORT, "practice", "", TlsMode.VERIFY_FULL)
        self._title.setText(
            self.tr("Change the practice") if connection else self.tr("Add a practice")
        )
        self.name.setText(shown.practice)
        self.host.setText(shown.host)
        self.port.setText(str(shown.port))
        self.database.setText(shown.database)
        self.tls.setCurrentIndex(self.tls.findData(shown.tls.value))
        self.certificate.setText(shown.root_certificate)
        self._remove.setVisible(connection is not None)
        self._say("", "")
        self.name.setFocus()

    def value(self) -> Connection:
        """What is typed now, unchecked."""
        base = self._edited or Connection("", "", _PORT, "", "", TlsMode.VERIFY_FULL)
        return replace(
            base,
            practice=self.name.text().strip(),
            host=self.host.text().strip(),
            port=int(self.port.text()) if self.port.text().isdigit() else 0,
            database=self.database.text().strip(),
            tls=TlsMode(self.tls.currentData()),
            root_certificate=self.certificate.text().strip(),
        )

    def submit(self) -> None:
        """Check and hand over, or say what is wrong at the field."""
        connection = self.value()
        field, sentence = problem_of(connection)
        self._say(field, sentence)
        if not sentence:
            self.accepted.emit(connection)

    def _say(self, field: str, sentence: str) -> None:
        fields: dict[str, QWidget] = {
            "name": self.name,
            "host": self.host,
            "port": self.port,
            "database": self.database,
            "tls": self.tls,
        }
        for name, widget in fields.items():
            set_invalid(widget, sentence if name == field else "")
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        if field:
            fields[field].setFocus()

    def _follow_tls(self) -> None:
        checked = self.tls.currentData() == TlsMode.VERIFY_FULL.value
        self.certificate.setEnabled(checked)

    def _on_remove(self) -> None:
        if self._edited is not None:
            self.removed.emit(self._edited)

    def _browse(self) -> None:
        file, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Certificate authority of the practice"),
            "",
            self.tr("Certificates (*.pem *.crt *.cer)"),
        )
        if file:
            self.certificate.setText(file)
