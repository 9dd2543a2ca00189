"""What is known about people's logins without asking anybody: passwords, codes, links, mails, ID tokens."""
