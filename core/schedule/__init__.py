"""When things are due, and what is told then: functions of values; nothing here waits or stores."""
