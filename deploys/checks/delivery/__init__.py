"""Messages that are sent, found where they arrived, and judged by their bytes."""
