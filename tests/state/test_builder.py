from livestate_nb.codec import dumps
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH, MessageBuilder, WholeStates
from livestate_nb.state.change import Change
from livestate_nb.state.encoder import DocumentEncoder


def test_a_new_state_is_sent_whole_with_its_version():
    assert MessageBuilder().new_state_message({"foo": "bar"}, 0) == (
        "state:change",
        {"state": {"foo": "bar"}, "version": 0},
    )


def test_a_change_is_sent_as_a_patch_with_the_version_that_it_leads_to():
    change = Change({"foo": "bar"}, {"foo": 0}, encoder=DocumentEncoder())
    event, payload = MessageBuilder().update_state_message(change, 1)
    assert event == STATE_PATCH
    # as in wire/transcripts.md
    assert dumps(payload) == b'{"patch":[{"op":"replace","path":"/foo","value":0}],"version":1}'


def test_a_change_of_nothing_is_sent_too():
    state = {"foo": "bar"}
    change = Change(state, state, encoder=DocumentEncoder())
    message = MessageBuilder().update_state_message(change, 5)
    assert message == (STATE_PATCH, {"patch": [], "version": 5})


def test_the_event_names_are_those_of_the_original():
    assert (STATE_CHANGE, STATE_PATCH) == ("state:change", "state:patch")


def test_whole_states_bring_each_change_as_the_state_that_it_leads_to():
    change = Change({"foo": "bar"}, {"foo": 0}, encoder=DocumentEncoder())
    message = WholeStates().update_state_message(change, 1)
    assert message == (STATE_CHANGE, {"state": {"foo": 0}, "version": 1})


def test_ignored_names_are_those_of_the_original_unless_others_are_given():
    assert MessageBuilder().ignored == {"__meta__"}
    assert WholeStates(ignored=["password"]).ignored == {"password"}
