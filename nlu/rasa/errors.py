"""What can go wrong with Rasa.

RasaError
├── RasaUnreachableError   no connection, or no answer in time
├── RasaRefusedError       the server answered with another status than 200
├── RasaAnswerError        the answer is no parse, or of a model with other labels
├── RasaInstallError       no Python 3.10, or its packages can not be installed
├── RasaTrainingError      the training ended with an error
└── RasaServerError        the server did not come up
"""

from __future__ import annotations


class RasaError(RuntimeError):
    """Something about Rasa failed; the message says what, in plain words and without what people said."""


class RasaUnreachableError(RasaError):
    """Nobody answers at the server's address, or not in time."""


class RasaRefusedError(RasaError):
    """The server answered, but refused."""


class RasaAnswerError(RasaError):
    """The server answered something that can not be used."""


class RasaInstallError(RasaError):
    """Rasa's own environment can not be made."""


class RasaTrainingError(RasaError):
    """Rasa could not be trained."""


class RasaServerError(RasaError):
    """The Rasa server could not be started."""
