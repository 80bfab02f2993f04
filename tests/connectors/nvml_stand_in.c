/* A small libnvidia-ml.so.1: answers what the file named by its own folder ("answers") says, one "name value" a line.
 * A value that begins with ! is the NVML return code instead of an answer. Functions that are left out here are those
 * an older driver does not have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file = ANSWERS;

static int look(const char *name, char *value, size_t size) {
    FILE *in = fopen(file, "r");
    char line[256], key[128];
    int found = 3; /* NVML_ERROR_NOT_SUPPORTED */
    if (!in) return 999;
    while (fgets(line, sizeof line, in)) {
        char text[128] = "";
        if (sscanf(line, "%127s %127[^\n]", key, text) < 1 || strcmp(key, name)) continue;
        if (!strcmp(text, "crash")) abort();
        if (!strcmp(text, "hang")) for (;;) ;
        found = text[0] == '!' ? atoi(text + 1) : 0;
        snprintf(value, size, "%s", text);
    }
    fclose(in);
    return found;
}

static int number(const char *name, unsigned long long *out) {
    char text[128];
    int code = look(name, text, sizeof text);
    if (!code) *out = strtoull(text, 0, 0);
    return code;
}

static int small(const char *name, unsigned *out) {
    unsigned long long wide = 0;
    int code = number(name, &wide);
    if (!code) *out = (unsigned)wide;
    return code;
}

static int text(const char *name, char *out, unsigned size) { return look(name, out, size); }

typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } Pci;
typedef struct { unsigned field, scope; long long stamp, latency; unsigned type; int code; unsigned long long value; } Field;
typedef struct { unsigned char uuid[16]; int status; unsigned clique; unsigned char state; } Fabric;

int nvmlInitWithFlags(unsigned flags) { char t[128]; (void)flags; return look("init", t, sizeof t); }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *out, unsigned size) { return text("driver", out, size); }
int nvmlSystemGetNVMLVersion(char *out, unsigned size) { return text("nvml", out, size); }
int nvmlSystemGetCudaDriverVersion_v2(int *out) { return small("cuda", (unsigned *)out); }
int nvmlDeviceGetCount_v2(unsigned *out) { return small("count", out); }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out) {
    char name[32], t[128];
    snprintf(name, sizeof name, "handle%u", index);
    *out = (void *)(size_t)(index + 1);
    return look(name, t, sizeof t);
}
int nvmlDeviceGetPciInfo_v3(void *gpu, Pci *out) { (void)gpu; return text("pci", out->bus_id, sizeof out->bus_id); }
int nvmlDeviceGetUUID(void *gpu, char *out, unsigned size) { (void)gpu; return text("uuid", out, size); }
int nvmlDeviceGetSerial(void *gpu, char *out, unsigned size) { (void)gpu; return text("serial", out, size); }
int nvmlDeviceGetName(void *gpu, char *out, unsigned size) { (void)gpu; return text("name", out, size); }
int nvmlDeviceGetBrand(void *gpu, unsigned *out) { (void)gpu; return small("brand", out); }
int nvmlDeviceGetCudaComputeCapability(void *gpu, int *major, int *minor) {
    (void)gpu; *minor = 0; return small("capability", (unsigned *)major);
}
int nvmlDeviceGetPersistenceMode(void *gpu, unsigned *out) { (void)gpu; return small("persistence", out); }
int nvmlDeviceGetEccMode(void *gpu, unsigned *now, unsigned *then) { (void)gpu; *then = 1; return small("ecc_mode", now); }
int nvmlDeviceGetMigMode(void *gpu, unsigned *now, unsigned *then) { (void)gpu; *then = 0; return small("mig_mode", now); }
int nvmlDeviceGetTotalEccErrors(void *gpu, unsigned kind, unsigned counter, unsigned long long *out) {
    char name[32];
    (void)gpu; snprintf(name, sizeof name, "ecc_%u_%u", kind, counter); return number(name, out);
}
int nvmlDeviceGetMemoryErrorCounter(void *gpu, unsigned kind, unsigned counter, unsigned place, unsigned long long *out) {
    char name[32];
    (void)gpu; snprintf(name, sizeof name, "ecc_%u_%u_%u", kind, counter, place); return number(name, out);
}
int nvmlDeviceGetRemappedRows(void *gpu, unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failure) {
    int code = small("remapped", uncorrected);
    (void)gpu; *corrected = 0; *pending = 1; *failure = 0; return code;
}
int nvmlDeviceGetRetiredPages(void *gpu, unsigned cause, unsigned *count, unsigned long long *pages) {
    char name[32]; unsigned wanted = 0, have = *count; int code;
    (void)gpu; snprintf(name, sizeof name, "retired_%u", cause);
    code = small(name, &wanted);
    if (code) return code;
    *count = wanted;
    if (!pages) return wanted ? 7 : 0;
    for (unsigned at = 0; at < wanted && at < have; at++) pages[at] = at;
    return 0;
}
int nvmlDeviceGetRetiredPagesPendingStatus(void *gpu, unsigned *out) { (void)gpu; return small("retired_pending", out); }
int nvmlDeviceGetFieldValues(void *gpu, int count, Field *values) {
    (void)gpu; (void)count;
    values[0].type = 1;
    values[0].code = number("recovery", &values[0].value);
    return 0;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void *gpu, unsigned long long *out) { (void)gpu; return number("reasons", out); }
int nvmlDeviceGetTemperature(void *gpu, unsigned sensor, unsigned *out) { (void)gpu; (void)sensor; return small("temperature", out); }
int nvmlDeviceGetGpuFabricInfo(void *gpu, Fabric *out) {
    unsigned state = 0; int code = small("fabric", &state);
    (void)gpu; out->state = (unsigned char)state; out->status = 0; return code;
}
