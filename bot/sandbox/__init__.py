"""The platforms themselves, small and local: for the tests, and for trying the channels out without an account."""
