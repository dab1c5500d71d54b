//go:build !linux

package main

// unknownLanguage is for systems that name a language by variables of the environment.
const unknownLanguage = ""
