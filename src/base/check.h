// CHECK states an invariant of this program. It stays on in every build and ends the process when
// it fails, because a gateway that goes on after a broken invariant may release what it must hold.
// Nothing an agent, a file or a person sends may reach a CHECK; such input gets an Error instead.
#pragma once

namespace countersign {

/// Writes the place and the text to stderr and aborts. Never returns.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace countersign

#define CHECK(condition)                                                 \
    do {                                                                 \
        if (!(condition)) [[unlikely]] {                                 \
            ::countersign::check_failed(__FILE__, __LINE__, #condition); \
        }                                                                \
    } while (false)
