module pldoctor

go 1.26
