// Package apart reads uploads in a process of its own: the program starts itself again,
// at a low priority and with bounds on memory and processor time, for one file.
//
// What a planner sends takes seconds of a core and hundreds of megabytes; what others ask
// meanwhile takes microseconds. Within one process they share a heap, whose collection
// grows with what lives in it, and threads among which the system deals out turns of
// milliseconds. Apart, the system itself lets those who answer go first, and one core is left
// to them at any time; the memory is gone with the process, and a file that found a way to
// ask for more than the bounds ends that process and no other.
//
// The two talk by pipes. The service sends an [errand]; the process answers with notices:
// how far it is, what it has to know of what is published ([intake.Live]), and at last the
// result, whose features it has written to a file beside the upload. The service keeps them
// as it reads them, one after another, and never holds them all. It ends when the
// service does, for its standard input ends then.
package apart
