/*
 * A PKCS#11 module that stands before a real one and, as a plan file says, lets calls fail, hang, crash or lie.
 * Built by the tests with the system's compiler; never part of the product.
 *
 *   FAULT_SHIM_MODULE    path of the real module
 *   FAULT_SHIM_PLAN      path of the plan; read anew at each call, so it may be changed while processes run
 *   FAULT_SHIM_COUNTERS  path of a file with one 32-bit counter per call of CALLS below, in that order; shared by
 *                        all processes, so that "the third C_Sign" means the third of them all
 *
 * A plan has one rule per line, the first that applies counts:
 *
 *   CALL FIRST LAST FAULT [ARGUMENT]       CALL may be *; FIRST and LAST are counters of that call, LAST 0: no end
 *
 *   return CKR      the real module is not asked
 *   answer CKR      the real module does it, and its result is replaced
 *   hang            never comes back
 *   crash           writes to address 0
 *   kill            the process ends by SIGKILL before the real module is asked
 *   kill-after      the same when the real module has done it
 *   flip            C_Sign: one bit of the signature is turned
 *   other-data      C_Sign: signs other bytes than it was given
 *   cut             C_Sign: the signature is one byte too short
 *   lose-session    the session is closed under the caller's feet, then the real module is asked
 *   lose-login      the same with the login
 *   gone            the token is pulled out: no slot holds one, and every session says CKR_DEVICE_REMOVED
 *   flags BITS      C_GetTokenInfo: sets these flags of CK_TOKEN_INFO beside those that are there
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is needed of PKCS#11 2.40, section 3: on Linux CK_ULONG is as wide as a pointer. */
typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;
_Static_assert(sizeof(CK_ULONG) == sizeof(void *), "arguments are handed on as words of one size");

enum { CKR_OK = 0, CKR_DEVICE_REMOVED = 0x32, CKR_TOKEN_NOT_PRESENT = 0xe0 };

typedef struct {
    unsigned char label[32], manufacturer[32], model[16], serial[16];
    CK_ULONG flags; /* more follows */
} TOKEN_INFO;

/* Every function of CK_FUNCTION_LIST in its order, with its number of arguments. */
#define CALLS(X)                                                                                                      \
    X(C_Initialize, 1) X(C_Finalize, 1) X(C_GetInfo, 1) X(C_GetFunctionList, 1)                                       \
    X(C_GetSlotList, 3) X(C_GetSlotInfo, 2) X(C_GetTokenInfo, 2) X(C_GetMechanismList, 3)                             \
    X(C_GetMechanismInfo, 3) X(C_InitToken, 4) X(C_InitPIN, 3) X(C_SetPIN, 5)                                         \
    X(C_OpenSession, 5) X(C_CloseSession, 1) X(C_CloseAllSessions, 1) X(C_GetSessionInfo, 2)                          \
    X(C_GetOperationState, 3) X(C_SetOperationState, 5) X(C_Login, 4) X(C_Logout, 1)                                  \
    X(C_CreateObject, 4) X(C_CopyObject, 5) X(C_DestroyObject, 2) X(C_GetObjectSize, 3)                               \
    X(C_GetAttributeValue, 4) X(C_SetAttributeValue, 4)                                                               \
    X(C_FindObjectsInit, 3) X(C_FindObjects, 4) X(C_FindObjectsFinal, 1)                                              \
    X(C_EncryptInit, 3) X(C_Encrypt, 5) X(C_EncryptUpdate, 5) X(C_EncryptFinal, 3)                                    \
    X(C_DecryptInit, 3) X(C_Decrypt, 5) X(C_DecryptUpdate, 5) X(C_DecryptFinal, 3)                                    \
    X(C_DigestInit, 2) X(C_Digest, 5) X(C_DigestUpdate, 3) X(C_DigestKey, 2) X(C_DigestFinal, 3)                      \
    X(C_SignInit, 3) X(C_Sign, 5) X(C_SignUpdate, 3) X(C_SignFinal, 3)                                                \
    X(C_SignRecoverInit, 3) X(C_SignRecover, 5)                                                                       \
    X(C_VerifyInit, 3) X(C_Verify, 5) X(C_VerifyUpdate, 3) X(C_VerifyFinal, 3)                                        \
    X(C_VerifyRecoverInit, 3) X(C_VerifyRecover, 5)                                                                   \
    X(C_DigestEncryptUpdate, 5) X(C_DecryptDigestUpdate, 5) X(C_SignEncryptUpdate, 5) X(C_DecryptVerifyUpdate, 5)     \
    X(C_GenerateKey, 5) X(C_GenerateKeyPair, 8) X(C_WrapKey, 6) X(C_UnwrapKey, 8) X(C_DeriveKey, 6)                   \
    X(C_SeedRandom, 3) X(C_GenerateRandom, 3)                                                                         \
    X(C_GetFunctionStatus, 1) X(C_CancelFunction, 1) X(C_WaitForSlotEvent, 3)

#define AS_ENUM(name, arity) I_##name,
enum { CALLS(AS_ENUM) CALL_COUNT };
#define AS_NAME(name, arity) #name,
static const char *const names[] = {CALLS(AS_NAME)};
#define AS_ARITY(name, arity) arity,
static const int arities[] = {CALLS(AS_ARITY)};

typedef void (*FUNCTION)(void);
typedef struct {
    unsigned char major, minor;
    FUNCTION functions[CALL_COUNT];
} FUNCTION_LIST;

static FUNCTION_LIST *real;
static atomic_uint *counters;
static const char *plan_path;

/* Words in, word out: pointers and CK_ULONGs travel alike in the calling conventions of Linux. */
static CK_RV forward(int call, const CK_ULONG *a) {
    typedef CK_ULONG W;
    FUNCTION f = real->functions[call];
    switch (arities[call]) {
    case 1: return ((CK_RV(*)(W))f)(a[0]);
    case 2: return ((CK_RV(*)(W, W))f)(a[0], a[1]);
    case 3: return ((CK_RV(*)(W, W, W))f)(a[0], a[1], a[2]);
    case 4: return ((CK_RV(*)(W, W, W, W))f)(a[0], a[1], a[2], a[3]);
    case 5: return ((CK_RV(*)(W, W, W, W, W))f)(a[0], a[1], a[2], a[3], a[4]);
    case 6: return ((CK_RV(*)(W, W, W, W, W, W))f)(a[0], a[1], a[2], a[3], a[4], a[5]);
    default: return ((CK_RV(*)(W, W, W, W, W, W, W, W))f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    }
}

/* Finds the fault that is planned for the `number`th call; an empty word without one. */
static void look_up(int call, unsigned number, char fault[32], CK_ULONG *argument) {
    char line[256], name[64];
    unsigned first, last;
    fault[0] = '\0';
    FILE *plan = fopen(plan_path, "re");
    if (plan == NULL) return;
    while (fgets(line, sizeof line, plan) != NULL) {
        char planned[32];
        CK_ULONG value = 0;
        if (sscanf(line, "%63s %u %u %31s %li", name, &first, &last, planned, (long *)&value) < 4) {
            fprintf(stderr, "fault shim: no rule: %s", line);
            abort();
        }
        if (strcmp(name, "*") != 0 && strcmp(name, names[call]) != 0) continue;
        if (number < first || (last != 0 && number > last)) continue;
        strcpy(fault, planned);
        *argument = value;
        break;
    }
    fclose(plan);
}

static int is_of_session(int call) {
    return call >= I_C_CloseSession && call != I_C_CloseAllSessions && call != I_C_WaitForSlotEvent;
}

static CK_RV without_token(int call, const CK_ULONG *a) {
    if (call == I_C_GetSlotList) {
        *(CK_ULONG *)a[2] = 0;
        return CKR_OK;
    }
    if (is_of_session(call)) return CKR_DEVICE_REMOVED;
    if (call >= I_C_GetSlotInfo && call <= I_C_OpenSession) return CKR_TOKEN_NOT_PRESENT;
    return forward(call, a);
}

static CK_RV sign_other_data(const CK_ULONG *a) {
    CK_ULONG changed[5];
    memcpy(changed, a, sizeof changed);
    unsigned char *copy = malloc(a[2] + 1);
    memcpy(copy, (const void *)a[1], a[2]);
    copy[0] ^= 1;
    changed[1] = (CK_ULONG)copy;
    CK_RV rv = forward(I_C_Sign, changed);
    free(copy);
    return rv;
}

static void no_such_fault(int call, const char *fault) {
    fprintf(stderr, "fault shim: %s cannot %s\n", names[call], fault);
    abort();
}

static CK_RV run(int call, const CK_ULONG *a) {
    char fault[32];
    CK_ULONG argument = 0;
    look_up(call, atomic_fetch_add(&counters[call], 1) + 1, fault, &argument);
    if (fault[0] == '\0') return forward(call, a);
    if (strcmp(fault, "return") == 0) return argument;
    if (strcmp(fault, "gone") == 0) return without_token(call, a);
    if (strcmp(fault, "hang") == 0)
        for (;;) pause();
    if (strcmp(fault, "crash") == 0) {
        volatile int *volatile nowhere = NULL;
        *nowhere = 1;
    }
    if (strcmp(fault, "kill") == 0) raise(SIGKILL);
    if (strcmp(fault, "kill-after") == 0) {
        forward(call, a);
        raise(SIGKILL);
    }
    if (strcmp(fault, "answer") == 0) {
        forward(call, a);
        return argument;
    }
    if (strcmp(fault, "lose-session") == 0 && is_of_session(call)) {
        forward(I_C_CloseSession, a);
        return forward(call, a);
    }
    if (strcmp(fault, "lose-login") == 0 && is_of_session(call)) {
        forward(I_C_Logout, a);
        return forward(call, a);
    }
    if (strcmp(fault, "flags") == 0 && call == I_C_GetTokenInfo) {
        CK_RV rv = forward(call, a);
        if (rv == CKR_OK) ((TOKEN_INFO *)a[1])->flags |= argument;
        return rv;
    }
    if (call != I_C_Sign) no_such_fault(call, fault);
    if (strcmp(fault, "other-data") == 0) return sign_other_data(a);
    CK_RV rv = forward(call, a);
    if (rv != CKR_OK || a[3] == 0) return rv; /* only the length was asked for */
    if (strcmp(fault, "flip") == 0) ((unsigned char *)a[3])[0] ^= 1;
    else if (strcmp(fault, "cut") == 0) *(CK_ULONG *)a[4] -= 1;
    else no_such_fault(call, fault);
    return rv;
}

#define P1 CK_ULONG a
#define P2 P1, CK_ULONG b
#define P3 P2, CK_ULONG c
#define P4 P3, CK_ULONG d
#define P5 P4, CK_ULONG e
#define P6 P5, CK_ULONG f
#define P8 P6, CK_ULONG g, CK_ULONG h
#define Q1 a
#define Q2 Q1, b
#define Q3 Q2, c
#define Q4 Q3, d
#define Q5 Q4, e
#define Q6 Q5, f
#define Q8 Q6, g, h
#define AS_WRAPPER(name, arity)                                                                                       \
    static CK_RV wrapped_##name(P##arity) { return run(I_##name, (const CK_ULONG[]){Q##arity}); }
CALLS(AS_WRAPPER)
#define AS_FUNCTION(name, arity) (FUNCTION)wrapped_##name,
static FUNCTION_LIST wrapped = {0, 0, {CALLS(AS_FUNCTION)}};

static const char *required(const char *variable) {
    const char *value = getenv(variable);
    if (value != NULL) return value;
    fprintf(stderr, "fault shim: %s is not set\n", variable);
    abort();
}

static void set_up(void) {
    plan_path = required("FAULT_SHIM_PLAN");
    int fd = open(required("FAULT_SHIM_COUNTERS"), O_RDWR | O_CLOEXEC);
    counters = mmap(NULL, CALL_COUNT * sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *module = dlopen(required("FAULT_SHIM_MODULE"), RTLD_NOW | RTLD_LOCAL);
    if (counters == MAP_FAILED || module == NULL) {
        fprintf(stderr, "fault shim: no counters, or no module: %s\n", dlerror());
        abort();
    }
    close(fd);
    CK_RV (*list)(FUNCTION_LIST **) = (CK_RV(*)(FUNCTION_LIST **))dlsym(module, "C_GetFunctionList");
    if (list == NULL || list(&real) != CKR_OK) abort();
    wrapped.major = real->major;
    wrapped.minor = real->minor;
}

CK_RV C_GetFunctionList(FUNCTION_LIST **list) {
    if (real == NULL) set_up();
    *list = &wrapped;
    return CKR_OK;
}
