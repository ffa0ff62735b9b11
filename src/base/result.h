// The one error idiom of the house: a function that can fail returns Result<T>, which holds either
// a T or an Error. An Error is for an operator to read; a refusal of an action is not an error but
// a model::Verdict, and "not found" is std::optional.
//
// Thread safety: values, as safe as T. Lifetime: owns what it holds.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace countersign {

/// Closed set of reasons. Callers branch on the code; people read the message.
enum class ErrorCode {
    InvalidArgument,   ///< the caller's value is outside what the function takes
    Malformed,         ///< input bytes do not follow their format
    LimitExceeded,     ///< a bound of base/limits.h was passed; nothing was done
    NotFound,          ///< a named thing does not exist where its absence is an error
    AlreadyExists,     ///< a thing that must be new is there already
    PermissionDenied,  ///< the caller may not do this
    Unauthenticated,   ///< the credential is missing, wrong, expired or revoked
    Conflict,          ///< the state changed in between or forbids the step
    Unavailable,       ///< a peer, a socket or a service does not answer
    TimedOut,          ///< the time given ran out
    Io,                ///< the system refused an input or output operation
    Corrupt,           ///< stored data contradicts itself
    Unsupported,       ///< this kernel or build cannot do it
    Internal,          ///< anything else; a defect of ours
};

/// The code's stable spelling, such as "limit_exceeded"; used in problem documents.
const char* error_code_name(ErrorCode code);

/// Why something failed. `message` is one sentence without a final period; `hint` may be empty.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    std::string hint;

    Error(ErrorCode error_code, std::string text) : code(error_code), message(std::move(text)) {}
    Error(ErrorCode error_code, std::string text, std::string what_to_do)
        : code(error_code), message(std::move(text)), hint(std::move(what_to_do)) {}

    /// The same error with "context: " before its message.
    [[nodiscard]] Error with_context(const std::string& context) &&;
};

/// A T or an Error. `take()` leaves the Result moved-from; taking the wrong side is a CHECK.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT implicit
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT implicit

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const T& value() const& {
        CHECK(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T& value() & {
        CHECK(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T take() {
        CHECK(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    [[nodiscard]] const Error& error() const {
        CHECK(!ok());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error take_error() {
        CHECK(!ok());
        return std::move(*std::get_if<1>(&state_));
    }
    const T* operator->() const { return &value(); }
    T* operator->() { return &value(); }
    const T& operator*() const { return value(); }
    T& operator*() { return value(); }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}  // NOLINT implicit

    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    void take() const { CHECK(ok()); }
    [[nodiscard]] const Error& error() const {
        CHECK(error_.has_value());
        return *error_;
    }
    [[nodiscard]] Error take_error() {
        CHECK(error_.has_value());
        return std::move(*error_);
    }

private:
    std::optional<Error> error_;
};

}  // namespace countersign

#define COUNTERSIGN_JOIN_INNER(a, b) a##b
#define COUNTERSIGN_JOIN(a, b) COUNTERSIGN_JOIN_INNER(a, b)
#define COUNTERSIGN_TRY(expression, name) \
    __extension__({                       \
        auto name = (expression);         \
        if (!name.ok()) [[unlikely]] {    \
            return name.take_error();     \
        }                                 \
        name.take();                      \
    })

/// Gives the value of a Result or returns its Error from the enclosing function. Use it only as a
/// whole statement or as the whole initialiser of a variable: inside a braced initialiser an early
/// return leaks the members built so far under g++ 12.
#define TRY(expression) COUNTERSIGN_TRY(expression, COUNTERSIGN_JOIN(try_result_, __COUNTER__))

/// Gives the value of a Result that cannot fail here; the call needs a comment that says why.
#define MUST(expression) ((expression).take())
