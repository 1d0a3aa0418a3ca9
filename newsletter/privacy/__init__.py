"""The texts for privacy officers and readers, built from configuration and schema: statement, record, report. Pure."""
