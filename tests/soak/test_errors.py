"""What counts as an error that a process logs."""

import logging
from collections.abc import Iterator

import pytest

from bench.soak.channels import OnPurpose
from bench.soak.errors import LOGGERS, MAX_TEXTS, Errors


@pytest.fixture
def errors() -> Iterator[Errors]:
    errors = Errors.watch()
    yield errors
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(errors)


def log(name: str, error: Exception) -> None:
    logging.getLogger(name).error("%s has\nfailed", name, exc_info=error)


@pytest.mark.parametrize("name", ["livestate_nb", "asyncio", "tornado.application"])
def test_an_error_is_kept_once_and_in_one_line(errors: Errors, name: str) -> None:
    log(name, ValueError("wrong"))
    assert errors.texts == [f"{name} has ValueError('wrong')"]


def test_neither_warnings_nor_failures_on_purpose_are_errors(errors: Errors) -> None:
    logging.getLogger("livestate_nb").warning("slow")
    log("livestate_nb", OnPurpose())
    assert errors.texts == []


def test_a_bounded_number_is_kept(errors: Errors) -> None:
    for _ in range(MAX_TEXTS + 1):
        log("asyncio", ValueError())
    assert len(errors.texts) == MAX_TEXTS
