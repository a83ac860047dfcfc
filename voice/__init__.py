"""The phone line: sound in, sound out. It is handed something that answers a turn and does not know what is talked about."""
