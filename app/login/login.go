// Package login lets Vitrine start when the person logs in. What is so is read from the system each time: the desktop's
// own settings can change it too.
package login

// ID names the program to the system.
const ID = "app.vitrine.Vitrine"
