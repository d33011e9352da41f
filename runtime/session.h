/* session.h: sessions over a module, for onnxrun_session_create and for tests of the engine. */
#ifndef ONX_SESSION_H
#define ONX_SESSION_H

#include "runtime/graph.h"

/* The module is bound and sorted, borrowed until release. */
onnxrun_status onx_session_create(const onx_module *module, const onnxrun_options *options,
                                  onnxrun_session **out, onnxrun_error *error);

#endif
