/* plugin.c: loading a shared object, and the version handshake. */
#include "runtime/plugin.h"

#include "runtime/error.h"

#ifdef ONX_PLUGINS
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/files.h"

#define SHOWN "plug-in '%.100s': "

/* `told` is what the plug-in says of itself, NULL when it refused. What its author did not know
 * of the struct reads as zero. */
static onnxrun_status check_told(const char *path, const onnxrun_plugin *told,
                                 const onnxrun_kernel *const **kernels, onnxrun_error *error)
{
  if (!told)
    return onx_fail(error, ONNXRUN_BAD_PLUGIN, SHOWN "it cannot serve this onnxrun's ABI %u", path,
                    ONNXRUN_ABI);
  onnxrun_plugin p = {0};
  memcpy(&p, told, told->size < sizeof p ? told->size : sizeof p);
  if (p.abi == 0 || p.abi > ONNXRUN_ABI)
    return onx_fail(error, ONNXRUN_BAD_PLUGIN,
                    SHOWN "it is made for ABI %u, this onnxrun has ABI %u", path, p.abi,
                    ONNXRUN_ABI);
  if (!p.kernels || !p.kernels[0])
    return onx_fail(error, ONNXRUN_BAD_PLUGIN, SHOWN "it has no kernels", path);
  *kernels = p.kernels;
  return ONNXRUN_OK;
}

static onnxrun_status loader_fail(const char *path, onnxrun_error *error)
{
  const char *why = dlerror();
  return onx_fail(error, ONNXRUN_BAD_PLUGIN, SHOWN "%s", path, why ? why : "it cannot be loaded");
}

/* The loader says the same of all of these, and would wait for a pipe's other end. */
static onnxrun_status check_file(const char *path, onnxrun_error *error)
{
  struct stat st;
  if (stat(path, &st) != 0)
    return onx_system_fail(error, "open plug-in", path, strlen(path));
  if (!S_ISREG(st.st_mode))
    return onx_fail(error, ONNXRUN_IO, SHOWN "not a regular file", path);
  return ONNXRUN_OK;
}

/* A name without a slash would be looked for in the system's folders. */
static void *open_object(const char *path)
{
  char here[FILENAME_MAX + 3];
  if (strchr(path, '/'))
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
  snprintf(here, sizeof here, "./%.*s", FILENAME_MAX, path);
  return dlopen(here, RTLD_NOW | RTLD_LOCAL);
}

/* ISO C has no conversion from the loader's pointer to a function; POSIX has the same bytes. */
static const onnxrun_plugin *ask(void *symbol)
{
  const onnxrun_plugin *(*query)(uint32_t);
  memcpy(&query, &symbol, sizeof query);
  return query(ONNXRUN_ABI);
}

onnxrun_status onx_plugin_open(const char *path, void **object,
                               const onnxrun_kernel *const **kernels, onnxrun_error *error)
{
  ONX_TRY(check_file(path, error));
  void *opened = open_object(path);
  if (!opened)
    return loader_fail(path, error);
  void *symbol = dlsym(opened, "onnxrun_plugin_query");
  const onnxrun_status s =
      symbol ? check_told(path, ask(symbol), kernels, error) : loader_fail(path, error);
  if (s == ONNXRUN_OK)
    *object = opened;
  else
    dlclose(opened);
  return s;
}

void onx_plugin_close(void *object)
{
  dlclose(object);
}

#else

onnxrun_status onx_plugin_open(const char *path, void **object,
                               const onnxrun_kernel *const **kernels, onnxrun_error *error)
{
  (void)object, (void)kernels;
  return onx_fail(error, ONNXRUN_UNSUPPORTED, "plug-in '%.100s': this build loads none", path);
}

void onx_plugin_close(void *object)
{
  (void)object;
}

#endif
