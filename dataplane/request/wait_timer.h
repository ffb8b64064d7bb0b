// A timer of a worker, for waits that are cut short by somebody else.
#ifndef TOLLGATE_DATAPLANE_REQUEST_WAIT_TIMER_H_
#define TOLLGATE_DATAPLANE_REQUEST_WAIT_TIMER_H_

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "dataplane/http/net.h"

namespace tollgate::dataplane {

using WaitTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_WAIT_TIMER_H_
