package main

import "time"

// inquiryPatience is how long an answer is waited for that a disk which is gone would never give.
const inquiryPatience = 20 * time.Millisecond

// inquiry asks questions that may never be answered, one at a time.
type inquiry[T any] struct{ asking chan struct{} }

func newInquiry[T any]() inquiry[T] { return inquiry[T]{make(chan struct{}, 1)} }

// ask returns what f answers. There is no answer while an earlier question still has none, or where it takes too long.
func (q inquiry[T]) ask(f func() (T, bool)) (answer T, ok bool) {
	select {
	case q.asking <- struct{}{}:
	default:
		return answer, false
	}
	answers := make(chan T, 1)
	go func() {
		defer func() { <-q.asking }()
		if found, ok := f(); ok {
			answers <- found
		}
		close(answers)
	}()
	select {
	case answer, ok = <-answers:
		return answer, ok
	case <-time.After(inquiryPatience):
		return answer, false
	}
}
