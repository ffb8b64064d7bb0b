# Compiler launcher, linker and flags that hold for every target of ours.

# Profile-guided builds (deploy/build-tuned.sh): one build that records which code its runs walk
# through, and another whose code is laid out and optimized for that.  Both in one folder: where a
# generated source lies is part of what g++ knows a function again by.
set(TOLLGATE_PROFILE "" CACHE STRING "Profile-guided build: record, use, or nothing")
set(TOLLGATE_PROFILE_DIR ${CMAKE_SOURCE_DIR}/build/profile CACHE PATH "Where the profile is kept")
if(TOLLGATE_PROFILE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "TOLLGATE_PROFILE needs g++: other compilers keep other profiles")
  endif()
  if(TOLLGATE_PROFILE STREQUAL "record")
    add_compile_options(-fprofile-generate=${TOLLGATE_PROFILE_DIR}
                        -fprofile-update=prefer-atomic)
    add_link_options(-fprofile-generate)
  elseif(TOLLGATE_PROFILE STREQUAL "use")
    # Counts of threads that were killed, or that ran side by side, need not add up; what was not
    # run has no profile.
    add_compile_options(-fprofile-use=${TOLLGATE_PROFILE_DIR} -fprofile-correction
                        -Wno-missing-profile)
  else()
    message(FATAL_ERROR "TOLLGATE_PROFILE is record, use, or nothing; not ${TOLLGATE_PROFILE}")
  endif()
endif()

# Not for a profile: what an object is made of would be more than the files that ccache looks at.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT TOLLGATE_PROFILE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

if(TOLLGATE_SANITIZER)
  add_compile_options(-fsanitize=${TOLLGATE_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOLLGATE_SANITIZER})
  # boost::asio's fiber-less coroutines and gRPC's own locks are instrumented as they are.
endif()

if(TOLLGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address)
endif()

# Applied to our targets only (see tg_library), never to generated code.
set(TOLLGATE_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
    -Werror=unused-result -Werror=return-type)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND TOLLGATE_WARNINGS -Werror=thread-safety -Wthread-safety)
endif()
