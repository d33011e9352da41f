/* plugin.h: shared objects that hold kernels; the only user of the system's loader. */
#ifndef ONX_PLUGIN_H
#define ONX_PLUGIN_H

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

/* Loads the shared object and asks it for its kernels. *object is for onx_plugin_close. A failure
 * leaves nothing loaded. */
onnxrun_status onx_plugin_open(const char *path, void **object,
                               const onnxrun_kernel *const **kernels, onnxrun_error *error);
void onx_plugin_close(void *object);

#endif
