"""Logs of programs in their languages' own words, with what is true of each and what the reader is to find."""

from __future__ import annotations

# name: (what is true, the log, [(line, sign, means)])
LOGS: dict[str, tuple[str, str, list[tuple[int, str, str | None]]]] = {
    "py_refused": (
        "The last exception of a traceback tells the cause.",
        """INFO:app:starting
Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    main()
  File "/app/main.py", line 8, in main
    conn = psycopg2.connect(dsn)
psycopg2.OperationalError: connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused
	Is the server running on that host and accepting TCP/IP connections?
""",
        [(7, "connection_refused", "dependency_unreachable")],
    ),
    "py_env": (
        "A KeyError of os.environ is a missing variable.",
        """Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    url = os.environ["DATABASE_URL"]
          ~~~~~~~~~~^^^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'DATABASE_URL'
""",
        [(6, "environment_variable_missing", "missing_config_or_secret")],
    ),
    "py_keyerror": (
        "A KeyError of anything else is a mistake of the program.",
        """Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    user = cache["user_id"]
KeyError: 'user_id'
""",
        [(4, "uncaught_error", None)],
    ),
    "py_pydantic": (
        "A required field of Settings is a missing variable; the message goes on below the exception.",
        """Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    settings = Settings()
pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
DATABASE_URL
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.7/v/missing
""",
        [(4, "environment_variable_missing", "missing_config_or_secret")],
    ),
    "py_requests_chain": (
        "A chain of tracebacks is one.",
        """Traceback (most recent call last):
  File "/usr/lib/urllib3/connection.py", line 174, in _new_conn
    conn = connection.create_connection(
socket.gaierror: [Errno -2] Name or service not known

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    requests.get("http://api")
requests.exceptions.ConnectionError: HTTPConnectionPool(host='api', port=80): Max retries exceeded with url: / (Caused by NameResolutionError("<urllib3.connection.HTTPConnection object at 0x7f>: Failed to resolve 'api' ([Errno -2] Name or service not known)"))
""",
        [(11, "name_not_resolved", "dns_or_network_failure")],
    ),
    "py_handled_goeson": (
        "A program that goes on was not ended by its exception.",
        """2026-11-22 02:47:35,477 ERROR app: request failed
Traceback (most recent call last):
  File "/app/main.py", line 3, in handler
    r = redis.get("x")
redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.
2026-11-22 02:47:36,477 INFO app: GET /healthz 200
2026-11-22 02:47:37,477 INFO app: GET /healthz 200
""",
        [],
    ),
    "torch_oom": (
        "A logger may prefix every line of a traceback.",
        """INFO 06-12 10:00:00 [worker.py:10] loading
ERROR 06-12 10:00:10 [core.py:390] EngineCore failed to start.
ERROR 06-12 10:00:10 [core.py:390] Traceback (most recent call last):
ERROR 06-12 10:00:10 [core.py:390]   File "/usr/lib/vllm/core.py", line 381, in run_engine_core
ERROR 06-12 10:00:10 [core.py:390]     engine_core = EngineCoreProc(*args, **kwargs)
ERROR 06-12 10:00:10 [core.py:390] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.15 GiB of which 1.20 GiB is free.
Process EngineCore_0:
Traceback (most recent call last):
  File "/usr/lib/python3.12/multiprocessing/process.py", line 314, in _bootstrap
    self.run()
RuntimeError: Engine core initialization failed. See root cause above.
""",
        [(6, "cuda_out_of_memory", "cuda_out_of_memory"), (11, "uncaught_error", None)],
    ),
    "torchrun": (
        "The first failure counts, not the launcher that reports it.",
        """[rank0]: Traceback (most recent call last):
[rank0]:   File "/app/train.py", line 88, in <module>
[rank0]:     main()
[rank0]: ValueError: shapes do not match
E0612 10:00:00.123000 1 torch/distributed/elastic/multiprocessing/api.py:869] failed (exitcode: 1) local_rank: 0 (pid: 71) of binary: /usr/bin/python
Traceback (most recent call last):
  File "/usr/local/bin/torchrun", line 8, in <module>
    sys.exit(main())
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
train.py FAILED
------------------------------------------------------------
Failures:
  <NO_OTHER_FAILURES>
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2026-06-12_10:00:00
  host      : trainer-0
  rank      : 0 (local_rank: 0)
  exitcode  : 1 (pid: 71)
  error_file: <N/A>
  traceback : To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html
============================================================
""",
        [(4, "uncaught_error", None)],
    ),
    "go_fatal": (
        "Go programs end with a plain line.",
        """2026/11/22 02:47:34 starting server
2026/11/22 02:47:35 failed to connect to database: dial tcp 10.0.0.5:5432: connect: connection refused
""",
        [(2, "connection_refused", "dependency_unreachable")],
    ),
    "go_dns_zap": (
        "A JSON line is read by its message and error.",
        """{"level":"info","ts":"2026-11-22T02:47:34Z","msg":"starting"}
{"level":"fatal","ts":"2026-11-22T02:47:35Z","msg":"cannot reach db","error":"dial tcp: lookup db on 10.96.0.10:53: no such host","stacktrace":"main.main\\n\\t/app/main.go:12"}
""",
        [(2, "name_not_resolved", "dns_or_network_failure")],
    ),
    "go_panic": (
        "A nil pointer in Go is a panic, not a native crash.",
        """starting
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x49f2a5]

goroutine 1 [running]:
main.main()
	/app/main.go:12 +0x1d
exit status 2
""",
        [(2, "uncaught_error", None)],
    ),
    "go_port": (
        "An address in use is named.",
        """2026/11/22 02:47:34 listen tcp :8080: bind: address already in use
""",
        [(1, "address_in_use", "port_in_use")],
    ),
    "node_refused": (
        "The lines of node and npm below an error hide nothing.",
        """> app@1.0.0 start
> node server.js

node:internal/process/promises:288
            triggerUncaughtException(err, true /* fromPromise */);
            ^

Error: connect ECONNREFUSED 10.0.0.5:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {
  errno: -111,
  code: 'ECONNREFUSED',
  syscall: 'connect',
  address: '10.0.0.5',
  port: 5432
}

Node.js v20.11.0
npm ERR! code ELIFECYCLE
npm ERR! errno 1
""",
        [(8, "connection_refused", "dependency_unreachable")],
    ),
    "node_typeerror": (
        "An exception with its stack that no logger wrote ended the program.",
        """/app/server.js:3
  x.foo()
    ^

TypeError: Cannot read properties of undefined (reading 'foo')
    at Object.<anonymous> (/app/server.js:3:5)
    at Module._compile (node:internal/modules/cjs/loader:1376:14)

Node.js v20.11.0
""",
        [(5, "uncaught_error", None)],
    ),
    "java_main": (
        "Caused by names the cause.",
        """Exception in thread "main" java.lang.IllegalStateException: boom
	at com.x.Main.main(Main.java:3)
Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.pollConnect(Native Method)
	... 12 more
""",
        [(1, "uncaught_error", None), (3, "connection_refused", "dependency_unreachable")],
    ),
    "spring_port": (
        "A report in prose is read.",
        """2026-11-22 02:47:35.477 ERROR 1 --- [           main] o.s.b.d.LoggingFailureAnalysisReporter   :

***************************
APPLICATION FAILED TO START
***************************

Description:

Web server failed to start. Port 8080 was already in use.

Action:

Identify and stop the process that's listening on port 8080 or configure this application to listen on another port.
""",
        [(4, "uncaught_error", None), (9, "address_in_use", "port_in_use")],
    ),
    "rust_panic": (
        "The message of a panic stands below it.",
        """thread 'main' panicked at src/main.rs:5:10:
called `Result::unwrap()` on an `Err` value: Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
""",
        [(1, "uncaught_error", None), (2, "connection_refused", "dependency_unreachable")],
    ),
    "rust_main_err": (
        "An error returned from main is the last word.",
        """Error: Permission denied (os error 13)
""",
        [(1, "file_permission_denied", "permission_denied")],
    ),
    "cpp": (
        "what() is part of the message.",
        """terminate called after throwing an instance of 'std::runtime_error'
  what():  model file is corrupt
Aborted (core dumped)
""",
        [(1, "uncaught_error", None)],
    ),
    "sh_nf": (
        "busybox says it without a line number.",
        """sh: nvidia-smi: not found
""",
        [(1, "shell_command_not_found", "bad_command")],
    ),
    "sh_nf_dash": (
        "dash says it with one.",
        """/bin/sh: 1: foo: not found
""",
        [(1, "shell_command_not_found", "bad_command")],
    ),
    "bash_nf": (
        "bash says command not found.",
        """/entrypoint.sh: line 3: foo: command not found
""",
        [(1, "shell_command_not_found", "bad_command")],
    ),
    "retry_warn": (
        "A retry that succeeded is nothing.",
        """INFO starting
WARN redis connection refused, retrying in 5s
INFO connected to redis
INFO listening on :8080
""",
        [],
    ),
    "retry_running_last": (
        "One retry proves nothing.",
        """INFO starting
WARN could not connect to redis:6379: connection refused, retrying in 5s
""",
        [(2, "connection_refused", None)],
    ),
    "retry_many": (
        "Giving up after many tries proves it.",
        """2026-11-22T02:47:34Z WARN could not connect to redis:6379: connection refused, retrying in 5s
2026-11-22T02:47:39Z WARN could not connect to redis:6379: connection refused, retrying in 5s
2026-11-22T02:47:44Z WARN could not connect to redis:6379: connection refused, retrying in 5s
2026-11-22T02:47:49Z WARN could not connect to redis:6379: connection refused, retrying in 5s
2026-11-22T02:47:54Z ERROR giving up after 5 attempts: connection refused
""",
        [(5, "connection_refused", "dependency_unreachable")],
    ),
    "healthy": (
        "Lines that talk of errors are no errors.",
        """INFO 0 errors found
level=info msg="error_rate=0"
INFO:     10.0.0.1:1234 - "GET /healthz HTTP/1.1" 200 OK
INFO permission denied count: 0
INFO connection refused handler registered
""",
        [],
    ),
    "uvicorn_shutdown": (
        "A logged traceback followed by the end is the end.",
        """INFO:     Started server process [1]
INFO:     Waiting for application startup.
ERROR:    Traceback (most recent call last):
  File "/app/x.py", line 3, in lifespan
    open("/etc/app/config.yaml")
FileNotFoundError: [Errno 2] No such file or directory: '/etc/app/config.yaml'

ERROR:    Application startup failed. Exiting.
""",
        [(6, "configuration_file_missing", "missing_config_or_secret")],
    ),
    "gunicorn": (
        "So is one of a worker.",
        """[2026-11-22 02:47:35 +0000] [1] [INFO] Starting gunicorn 21.2.0
[2026-11-22 02:47:35 +0000] [7] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/usr/lib/gunicorn/arbiter.py", line 609, in spawn_worker
    worker.init_process()
ModuleNotFoundError: No module named 'app'
[2026-11-22 02:47:35 +0000] [7] [INFO] Worker exiting (pid: 7)
[2026-11-22 02:47:35 +0000] [1] [ERROR] Worker (pid:7) exited with code 3
[2026-11-22 02:47:35 +0000] [1] [ERROR] Shutting down: Master
[2026-11-22 02:47:35 +0000] [1] [ERROR] Reason: Worker failed to boot.
""",
        [(6, "uncaught_error", None)],
    ),
    "nginx_upstream": (
        "An unknown upstream is a name that does not resolve.",
        """nginx: [emerg] host not found in upstream "api" in /etc/nginx/conf.d/default.conf:2
""",
        [(1, "name_not_resolved", "dns_or_network_failure")],
    ),
    "nginx_perm": (
        "The same said twice is counted.",
        """2026/11/22 02:47:35 [emerg] 1#1: mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)
nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)
""",
        [(2, "file_permission_denied", "permission_denied")],
    ),
    "postgres_auth": (
        "A refused password is no missing secret.",
        """2026-11-22 02:47:35.477 UTC [1] FATAL:  password authentication failed for user "app"
""",
        [(1, "authentication_failed", None)],
    ),
    "argparse": (
        "Wrong arguments are a bad command.",
        """usage: api_server.py [-h] [--port PORT]
api_server.py: error: unrecognized arguments: --max-model-length 8192
""",
        [(2, "bad_arguments", "bad_command")],
    ),
    "exec_fmt": (
        "The wrong architecture shows in the log as well.",
        """exec /usr/local/bin/server: exec format error
""",
        [(1, "exec_format_error", "wrong_architecture")],
    ),
    "dataloader": (
        "Shared memory is told by a worker.",
        """ERROR: Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).
Traceback (most recent call last):
  File "/app/train.py", line 10, in <module>
    for x in loader:
RuntimeError: DataLoader worker (pid(s) 71) exited unexpectedly
""",
        [(1, "shared_memory_too_small", "shm_exhausted"), (5, "uncaught_error", None)],
    ),
    "tf_not_failure": (
        "An allocator that says it is no failure is believed.",
        """2026-11-22 02:47:35.477: W tensorflow/core/common_runtime/bfc_allocator.cc:290] Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.20GiB with freed_by_count=0. The caller indicates that this is not a failure, but this may mean that there could be performance gains if more memory were available.
epoch 1 loss 0.2
""",
        [],
    ),
    "oom_retry": (
        "Out of memory that was retried with success is nothing.",
        """WARNING CUDA out of memory. Tried to allocate 2.00 GiB, retrying with batch size 8
INFO epoch 2
""",
        [],
    ),
    "migrate": (
        "The last error line is kept for people, without a cause.",
        """migrating schema
ERROR: relation users does not exist
""",
        [(2, "last_error", None)],
    ),
    "spring_trace_running": (
        "A logged exception of a server that runs is not its end.",
        """2026-11-22 02:47:35.477  INFO 1 --- [main] c.x.App : Started App in 2.3 seconds
2026-11-22 02:47:36.477 ERROR 1 --- [nio-8080-exec-1] o.a.c.c.C.[.[.[/].[dispatcherServlet] : Servlet.service() threw exception
java.lang.NullPointerException: null
	at com.x.C.f(C.java:3)
	at com.x.C.g(C.java:4)
""",
        [(2, "last_error", None)],
    ),
    "k8s_rbac": (
        "The API server refuses by role.",
        """E1122 02:47:35.477379       1 reflector.go:158] "Unhandled Error" err="k8s.io/client-go/informers/factory.go:160: Failed to watch *v1.Pod: failed to list *v1.Pod: pods is forbidden: User \\"system:serviceaccount:shop:web\\" cannot list resource \\"pods\\" in API group \\"\\" at the cluster scope"
F1122 02:48:35.477379       1 main.go:42] timed out waiting for caches to sync
""",
        [(1, "api_access_forbidden", "permission_denied")],
    ),
    "dotnet": (
        ".NET says it twice.",
        """fail: Microsoft.Extensions.Hosting.Internal.Host[11]
      Hosting failed to start
      System.IO.IOException: Failed to bind to address http://[::]:80: address already in use.
Unhandled exception. System.IO.IOException: Failed to bind to address http://[::]:80: address already in use.
   at Microsoft.AspNetCore.Server.Kestrel.Core.Internal.SocketBinder.BindAsync()
""",
        [(4, "address_in_use", "port_in_use")],
    ),
    "access_denied_mkdir": (
        "coreutils name the file.",
        """mkdir: cannot create directory '/data/checkpoints': Permission denied
""",
        [(1, "file_permission_denied", "permission_denied")],
    ),
    "jvm_segv": (
        "The JVM reports its own crash.",
        """#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f2a, pid=1, tid=7
#
""",
        [(4, "segmentation_fault", "segfault")],
    ),
    "llama": (
        "cudaMalloc out of memory is GPU memory.",
        """ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: cudaMalloc failed: out of memory
llama_model_load: error loading model: unable to allocate CUDA0 buffer
""",
        [(1, "cuda_out_of_memory", "cuda_out_of_memory")],
    ),
}
