### What the license server says: refusals, warnings, mail.
