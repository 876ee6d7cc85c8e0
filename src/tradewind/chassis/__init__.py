"""What any business would need: processor, inbox, outbox, timers, activities, store. Knows nothing of shops."""
