"""The testbed: a server of LiveState channels that clients of all kinds are tried against."""
