"""When things are due, as a function of a wish, a calendar and the time; nothing here waits or stores."""
