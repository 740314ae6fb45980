/* What Android's C library has and GNU's has not, or has otherwise, as far as ONNX Runtime for Android asks for it: so that its
 * libraries run on a desktop (tests/android_runtime.py). othefl and othesys stand for its fflush and sysconf. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

/* Android's stdin, stdout and stderr of old: only their addresses are passed on. */
char __sF[3][152];

int *__errno(void) { return &errno; }
char *__gnu_strerror_r(int error, char *text, size_t size) { return strerror_r(error, text, size); }
size_t __strlen_chk(const char *text, size_t size) { return strlen(text); }
char *__strchr_chk(const char *text, int letter, size_t size) { return strchr(text, letter); }
int __FD_ISSET_chk(int file, const fd_set *set, size_t size) { return FD_ISSET(file, set); }
void __FD_SET_chk(int file, fd_set *set, size_t size) { FD_SET(file, set); }
void android_set_abort_message(const char *message) { fprintf(stderr, "%s\n", message); }

int __system_property_get(const char *name, char *value) {
  *value = 0;
  return 0;
}

int __android_log_vprint(int priority, const char *tag, const char *format, va_list arguments) {
  return vfprintf(stderr, format, arguments);
}

int __android_log_print(int priority, const char *tag, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vfprintf(stderr, format, arguments);
  va_end(arguments);
  return written;
}

int __android_log_write(int priority, const char *tag, const char *message) {
  return fprintf(stderr, "%s\n", message);
}

int othefl(FILE *file) {
  int old = (char *)file >= __sF[0] && (char *)file < __sF[3];
  return old ? 0 : fflush(file);
}

/* Android numbers what can be asked in another way. */
long othesys(int what) {
  switch (what) {
    case 0x27:
    case 0x28:
      return sysconf(_SC_PAGESIZE);
    case 0x60:
      return sysconf(_SC_NPROCESSORS_CONF);
    case 0x61:
      return sysconf(_SC_NPROCESSORS_ONLN);
    case 0x62:
      return sysconf(_SC_PHYS_PAGES);
    case 0x63:
      return sysconf(_SC_AVPHYS_PAGES);
    default:
      return -1;
  }
}
