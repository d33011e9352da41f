/* spawn.h: timing a whole process. */
#ifndef BENCH_SPAWN_H
#define BENCH_SPAWN_H

/* Seconds from the command's start to its end, its output thrown away. `program` is whose message
 * ends the program when the command fails. */
double spawn_seconds(const char *program, char **command);

#endif
