"""Generators: channels with their tests, and elements, to start from."""

from livestate_nb_server.gen.channel import channel_cell, gen_channel
from livestate_nb_server.gen.element import gen_element

__all__ = ["channel_cell", "gen_channel", "gen_element"]
