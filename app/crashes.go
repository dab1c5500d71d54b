package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"vitrine/app/config/failure"
	"vitrine/app/crash"
	"vitrine/fusefs"
	"vitrine/ui"
)

// aboutProgram begins a crash report.
func aboutProgram() string {
	return fmt.Sprintf("vitrine %s%s %s/%s %s, began %s", version, revision(), runtime.GOOS, runtime.GOARCH, runtime.Version(),
		time.Now().UTC().Format(time.RFC3339))
}

// watchCrashes lets the runtime leave a report should this process crash, and returns those of earlier ones.
func watchCrashes(errOut io.Writer) (end func(), found []crash.Report) {
	folder, err := crash.Folder()
	var watch *crash.Watch
	if err == nil {
		watch, found, err = crash.Begin(folder, aboutProgram())
	}
	if err != nil {
		fmt.Fprintf(errOut, "vitrine: a crash would leave no report: %v\n", err)
	}
	for _, r := range found {
		fmt.Fprintf(errOut, "vitrine: %s %s\n", crashText(r), crashCure(r))
	}
	return watch.End, found
}

func crashText(r crash.Report) fusefs.Text {
	return textf("Vitrine crashed on %s at %s: %s.", r.At.Local().Format("2006-01-02"), r.At.Local().Format("15:04"), r.What)
}

func crashCure(r crash.Report) fusefs.Text {
	return textf("What programs were told is written was safe. The report is in %s; 'vitrine doctor --bundle FILE' packs it for a bug report.", r.File)
}

// keepFailure keeps the stack of a failure of the window in a report, and returns what a person needs to know.
func keepFailure(failed error) error {
	var broken *ui.Failure
	if !errors.As(failed, &broken) {
		return failed
	}
	cause := fmt.Sprint(broken.Cause)
	folder, err := crash.Folder()
	file := ""
	if err == nil {
		file, err = crash.Write(folder, aboutProgram(), failed.Error())
	}
	if err != nil {
		return failure.Textf("the user interface failed: %s. The report of it could not be kept: %v", cause, err)
	}
	return failure.Textf("the user interface failed: %s. The report is in %s; 'vitrine doctor --bundle FILE' packs it for a bug report", cause, file)
}
