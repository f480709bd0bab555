import threading
from typing import Any

from livestate_nb.pubsub import LocalPubSub


def test_subscribers_get_messages_in_the_order_they_subscribed() -> None:
    pubsub, got = LocalPubSub(), []
    pubsub.subscribe("t", lambda message: got.append(("first", message)))
    pubsub.subscribe("t", lambda message: got.append(("second", message)))
    pubsub.subscribe("other", lambda message: got.append(("other", message)))
    pubsub.publish("t", 1)
    assert got == [("first", 1), ("second", 1)]


def test_subscribing_twice_is_once_and_unsubscribing_ends_it() -> None:
    pubsub, got = LocalPubSub(), []
    pubsub.subscribe("t", got.append)
    pubsub.subscribe("t", got.append)
    pubsub.publish("t", 1)
    pubsub.unsubscribe("t", got.append)
    pubsub.unsubscribe("t", got.append)
    pubsub.publish("t", 2)
    assert got == [1]


def test_a_subscriber_may_unsubscribe_while_it_is_called() -> None:
    pubsub, got = LocalPubSub(), []

    def once(message: Any) -> None:
        got.append(message)
        pubsub.unsubscribe("t", once)

    pubsub.subscribe("t", once)
    pubsub.subscribe("t", got.append)
    pubsub.publish("t", 1)
    pubsub.publish("t", 2)
    assert got == [1, 1, 2]


def test_any_thread_may_publish_and_subscribe() -> None:
    pubsub, got = LocalPubSub(), []

    def work(number: int) -> None:
        subscriber = lambda message: got.append((number, message))  # noqa: E731
        for message in range(100):
            pubsub.subscribe(str(number), subscriber)
            pubsub.publish(str(number), message)
            pubsub.unsubscribe(str(number), subscriber)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [(number, message) for number in range(8) for message in range(100)]
