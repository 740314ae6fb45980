/* Reads faces with a model file in a library of ONNX Runtime for Android, on one thread, for tests/android_runtime.py:
 *
 *     android_answers LIBRARY MODEL COUNT < faces (uint8 [COUNT, 48, 48]) > probabilities (float32 [COUNT, 7])
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "onnxruntime_c_api.h"

enum { PIXELS = 48 * 48, CLASSES = 7 };

/* On arm64, code for Android finds its guard against overflows a few bytes behind the thread's pointer, where GNU keeps a
 * program's own variables of the thread: these are nobody's. */
static __thread volatile char guard[512] = {1};
static const OrtApi *api;

static void check(OrtStatus *status) {
  if (!status) return;
  fprintf(stderr, "%s\n", api->GetErrorMessage(status));
  exit(1);
}

static OrtSession *open_session(const char *model) {
  OrtEnv *environment;
  OrtSessionOptions *options;
  OrtSession *session;
  check(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "mien", &environment));
  check(api->CreateSessionOptions(&options));
  check(api->SetIntraOpNumThreads(options, 1));
  check(api->CreateSession(environment, model, options, &session));
  return session;
}

int main(int count, char **arguments) {
  guard[256] = 2;
  void *library = count == 4 ? dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
  const OrtApiBase *(*base)(void) = library ? dlsym(library, "OrtGetApiBase") : NULL;
  if (!base) {
    fprintf(stderr, "%s\n", count == 4 ? dlerror() : "wrong arguments");
    return 1;
  }
  api = base()->GetApi(ORT_API_VERSION);
  OrtSession *session = open_session(arguments[2]);
  OrtMemoryInfo *memory;
  check(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  const char *input = "face", *output = "probabilities";
  const int64_t shape[] = {1, 48, 48};
  static unsigned char face[PIXELS];
  for (int i = 0; i < atoi(arguments[3]); i++) {
    OrtValue *seen, *said = NULL;
    float *numbers;
    if (fread(face, 1, PIXELS, stdin) != PIXELS) return 1;
    check(api->CreateTensorWithDataAsOrtValue(memory, face, PIXELS, shape, 3, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, &seen));
    check(api->Run(session, NULL, &input, (const OrtValue *const *)&seen, 1, &output, 1, &said));
    check(api->GetTensorMutableData(said, (void **)&numbers));
    fwrite(numbers, sizeof(float), CLASSES, stdout);
    api->ReleaseValue(seen);
    api->ReleaseValue(said);
  }
  return 0;
}
