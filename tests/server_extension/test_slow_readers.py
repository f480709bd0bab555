"""A client that does not read, on a real socket: the server's memory and the other client."""

from bench.load import Load, server


def test_a_client_that_does_not_read_costs_little_and_gets_the_latest_state() -> None:
    with server() as running:
        _, grown, came = Load(running).slow_reader(updates=1_000, length=100_000)
    assert grown < 30  # of 100 MB
    assert came < 200
