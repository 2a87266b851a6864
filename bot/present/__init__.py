"""From facts to cards. Every word that a person reads is chosen here, whichever door they use."""
