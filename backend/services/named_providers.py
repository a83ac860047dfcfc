"""Providers that the duty list names for a region must be on record: an order that only an unknown one may do reaches nobody."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from backend.services.ports import Stores, UnitOfWork
from config.organisation import NamedProvider, named_providers

log = logging.getLogger(__name__)


def unknown_providers(uow: UnitOfWork) -> Sequence[NamedProvider]:
    """Those that `regional` of config/departments.yaml names and nobody has imported."""
    named = named_providers()
    known = {one.code for one in uow.providers.all()} if named else set()
    return [one for one in named if one.code not in known]


def warn_of_unknown_providers(store: Stores) -> None:
    """A line in the log for each, at start-up. The line goes on: everything else is as it should be."""
    with store.reading() as uow:
        for one in unknown_providers(uow):
            log.warning("provider_unknown: %s names %s, which nobody has imported", one.place, one.code)
