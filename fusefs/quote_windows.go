package fusefs

// quote makes a path one word of a command line, for a person to copy. No path of Windows has a quotation mark.
func quote(path string) string { return `"` + path + `"` }
