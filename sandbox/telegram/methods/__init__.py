"""The Bot API's methods, a file per subject; importing this package registers them all."""
