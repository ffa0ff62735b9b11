# How long a test may take. Each names the seconds that an ordinary build needs at most on a machine
# busy with other work; a limit ends what hangs, it measures nothing. A sanitizer's build is slower by
# a factor that is known here only: 4 is allowed for AddressSanitizer and UBSan, 10 for
# ThreadSanitizer.
set(COUNTERSIGN_SLOWDOWN 1)
if(COUNTERSIGN_SANITIZE MATCHES "thread")
    set(COUNTERSIGN_SLOWDOWN 10)
elseif(COUNTERSIGN_SANITIZE)
    set(COUNTERSIGN_SLOWDOWN 4)
endif()

# countersign_time_limit(VARIABLE SECONDS): sets VARIABLE to what TIMEOUT takes.
function(countersign_time_limit variable seconds)
    math(EXPR limit "${seconds} * ${COUNTERSIGN_SLOWDOWN}")
    set(${variable} ${limit} PARENT_SCOPE)
endfunction()
