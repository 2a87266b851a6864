"""Evidence to stages to ballot, for one member, and the committee's run over all of them."""
