// Assertions for broken invariants: CHECK(cond), CHECK_EQ(a, b) and friends.  On in every build.
//
// A CHECK guards what *we* may have done wrong.  What the world does (a full disk, a hostile
// peer, a bad file) is an absl::Status; no byte from a peer may be able to reach a CHECK.
// The names and the meaning are those of Abseil's later absl/log/check.h, so that this header
// can be deleted when the installed Abseil has it.
//
//   CHECK(!batch.empty()) << "a batch without records was submitted by " << node;
//   CHECK_EQ(debits, credits);
//
// On failure: prints `file:line: CHECK failed: expression (values) message` to stderr and aborts.
// Operands of CHECK_EQ etc. are evaluated once.  DCHECK* is CHECK* unless NDEBUG is defined; then
// it compiles its operands and does not evaluate them.
#ifndef TOLLGATE_BASE_CHECK_H_
#define TOLLGATE_BASE_CHECK_H_

#include <memory>
#include <ostream>
#include <sstream>
#include <string>

namespace tollgate::check_internal {

// Collects the message of a failed check; its destructor prints it and aborts the process.
class Failure {
 public:
  Failure(const char* file, int line, const std::string& what);
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  [[noreturn]] ~Failure();

  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
};

// Gives the conditional operator of CHECK a void second branch after the message was streamed.
struct Voidify {
  void operator&&(std::ostream&) const {}
};

template <typename T>
void PrintOperand(std::ostream& out, const T& value) {
  if constexpr (requires { out << value; }) {
    out << value;
  } else {
    out << "<unprintable>";
  }
}

template <typename A, typename B>
std::unique_ptr<std::string> DescribeOperands(const A& a, const B& b, const char* expression) {
  std::ostringstream out;
  out << expression << " (";
  PrintOperand(out, a);
  out << " vs. ";
  PrintOperand(out, b);
  out << ")";
  return std::make_unique<std::string>(out.str());
}

#define TG_DEFINE_CHECK_OP_(name, op)                                                 \
  template <typename A, typename B>                                                   \
  std::unique_ptr<std::string> name(const A& a, const B& b, const char* expression) { \
    if (a op b) [[likely]]                                                            \
      return nullptr;                                                                 \
    return DescribeOperands(a, b, expression);                                        \
  }
TG_DEFINE_CHECK_OP_(FailEq, ==)
TG_DEFINE_CHECK_OP_(FailNe, !=)
TG_DEFINE_CHECK_OP_(FailLt, <)
TG_DEFINE_CHECK_OP_(FailLe, <=)
TG_DEFINE_CHECK_OP_(FailGt, >)
TG_DEFINE_CHECK_OP_(FailGe, >=)
#undef TG_DEFINE_CHECK_OP_

}  // namespace tollgate::check_internal

#define CHECK(condition)                         \
  static_cast<bool>(condition)                   \
      ? static_cast<void>(0)                     \
      : ::tollgate::check_internal::Voidify() && \
            ::tollgate::check_internal::Failure(__FILE__, __LINE__, #condition).stream()

// `while`, not `if`, so that an `else` after the macro binds to the caller's own `if`.
#define TG_CHECK_OP_(name, op, a, b)                                        \
  while (::std::unique_ptr<::std::string> tg_check_failure_ =               \
             ::tollgate::check_internal::name((a), (b), #a " " #op " " #b)) \
  ::tollgate::check_internal::Failure(__FILE__, __LINE__, *tg_check_failure_).stream()

#define CHECK_EQ(a, b) TG_CHECK_OP_(FailEq, ==, a, b)
#define CHECK_NE(a, b) TG_CHECK_OP_(FailNe, !=, a, b)
#define CHECK_LT(a, b) TG_CHECK_OP_(FailLt, <, a, b)
#define CHECK_LE(a, b) TG_CHECK_OP_(FailLe, <=, a, b)
#define CHECK_GT(a, b) TG_CHECK_OP_(FailGt, >, a, b)
#define CHECK_GE(a, b) TG_CHECK_OP_(FailGe, >=, a, b)

#ifdef NDEBUG
#define DCHECK(condition) \
  while (false) CHECK(condition)
#define DCHECK_EQ(a, b) \
  while (false) CHECK_EQ(a, b)
#define DCHECK_NE(a, b) \
  while (false) CHECK_NE(a, b)
#define DCHECK_LT(a, b) \
  while (false) CHECK_LT(a, b)
#define DCHECK_LE(a, b) \
  while (false) CHECK_LE(a, b)
#define DCHECK_GT(a, b) \
  while (false) CHECK_GT(a, b)
#define DCHECK_GE(a, b) \
  while (false) CHECK_GE(a, b)
#else
#define DCHECK(condition) CHECK(condition)
#define DCHECK_EQ(a, b) CHECK_EQ(a, b)
#define DCHECK_NE(a, b) CHECK_NE(a, b)
#define DCHECK_LT(a, b) CHECK_LT(a, b)
#define DCHECK_LE(a, b) CHECK_LE(a, b)
#define DCHECK_GT(a, b) CHECK_GT(a, b)
#define DCHECK_GE(a, b) CHECK_GE(a, b)
#endif

#endif  // TOLLGATE_BASE_CHECK_H_
