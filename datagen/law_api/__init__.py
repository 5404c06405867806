"""Tax law from the law.go.kr OpenAPI: fetched politely, kept raw, turned into documents."""
