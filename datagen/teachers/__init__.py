"""Language models as teachers: what is asked, who answers, what it costs."""
