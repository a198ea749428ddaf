"""Reading what practices really have: exports and FHIR. Pure: no database, no network."""
