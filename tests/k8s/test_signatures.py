"""What messages of kubelet, runtimes and programs mean: real texts of many versions, and texts that only look alike."""

from __future__ import annotations

import pytest

from runbookctl.catalog import signatures
from runbookctl.catalog.causes import all_causes

OURS = ("workload", "kubelet", "kernel")

KUBELET = [
    (
        "image_pull_failure",
        'Failed to pull image "x/y:1": rpc error: code = Unknown desc = Error response from daemon: manifest for x/y:1 not found: manifest unknown: manifest unknown',
    ),
    (
        "image_pull_failure",
        "Failed to pull image \"x/y:1\": Error response from daemon: pull access denied for x/y, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ),
    (
        "image_pull_failure",
        'Failed to pull image "quay.io/x/y:1": rpc error: code = Unknown desc = reading manifest 1 in quay.io/x/y: unauthorized: access to the requested resource is not authorized',
    ),
    (
        "image_pull_failure",
        'Failed to pull image "docker.io/x/y:1": initializing source docker://x/y:1: reading manifest 1 in docker.io/x/y: requested access to the resource is denied',
    ),
    (
        "image_pull_failure",
        "unable to pull image or OCI artifact: pull image err: initializing source docker://quay.io/x:1: reading manifest 1 in quay.io/x: manifest unknown; artifact err: ...",
    ),
    (
        "image_pull_failure",
        'Failed to pull image "1234.dkr.ecr.us-east-1.amazonaws.com/x:1": rpc error: code = Unknown desc = failed to pull and unpack image "1234.dkr.ecr.us-east-1.amazonaws.com/x:1": failed to resolve reference "1234.dkr.ecr.us-east-1.amazonaws.com/x:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    ),
    (
        "image_pull_failure",
        'Back-off pulling image "lab.local/x:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "lab.local/x:1": failed to resolve reference "lab.local/x:1": lab.local/x:1: not found',
    ),
    (
        "image_pull_failure",
        'rpc error: code = Unknown desc = failed to pull and unpack image "ghcr.io/x/y:1": failed to resolve reference "ghcr.io/x/y:1": failed to do request: Head "https://ghcr.io/v2/x/y/manifests/1": dial tcp: lookup ghcr.io on 10.0.0.2:53: no such host',
    ),
    (
        "image_pull_failure",
        'rpc error: code = DeadlineExceeded desc = failed to pull and unpack image "x": failed to resolve reference "x": failed to do request: Head "https://r/v2/": context deadline exceeded',
    ),
    (
        "node_pressure",
        'Failed to pull image "x": failed to pull and unpack image "x": failed to extract layer sha256:aa: write /var/lib/containerd/x: no space left on device: unknown',
    ),
    ("image_pull_failure", "Error: ImagePullBackOff"),
    ("image_pull_failure", "Error: ErrImageNeverPull"),
    ("missing_config_or_secret", "couldn't find key token in ConfigMap shop/app"),
    ("missing_config_or_secret", 'secret "db" not found'),
    ("missing_config_or_secret", 'MountVolume.SetUp failed for volume "cfg" : configmap "app-config" not found'),
    (
        "missing_config_or_secret",
        'MountVolume.SetUp failed for volume "certs" : references non-existent secret key: tls.key',
    ),
    (None, 'MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32'),
    (None, 'MountVolume.SetUp failed for volume "x" : hostPath type check failed: /data is not a directory'),
    (
        "bad_command",
        'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/start.sh": stat /start.sh: no such file or directory: unknown',
    ),
    (
        "bad_command",
        "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec /start.sh: no such file or directory: unknown",
    ),
    (
        "bad_command",
        'container create failed: time="2026-11-22T02:47:14Z" level=error msg="runc create failed: unable to start container process: exec: "foo": executable file not found in $PATH"',
    ),
    ("bad_command", "container create failed: executable file `foo` not found in $PATH: No such file or directory"),
    (
        "bad_command",
        'failed to start container "app": Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "foo": executable file not found in $PATH: unknown',
    ),
    ("bad_command", 'Error: failed to generate container "90fc" spec: failed to generate spec: no command specified'),
    (
        "permission_denied",
        'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/app": permission denied: unknown',
    ),
    (
        "bad_command",
        'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: chdir to cwd ("/srv") set in config.json failed: no such file or directory: unknown',
    ),
    (
        None,
        'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: chdir to cwd ("/srv") set in config.json failed: permission denied: unknown',
    ),
    (
        "permission_denied",
        'Error: container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root (pod: "x", container: app)',
    ),
    (None, "Readiness probe failed: dial tcp 10.244.0.5:8080: connect: connection refused"),
    (None, "Liveness probe errored: rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
    (
        "dns_or_network_failure",
        'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "90": plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory',
    ),
    (None, "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
    (None, "Pod sandbox changed, it will be killed and re-created."),
    (None, 'Successfully pulled image "x" in 2.1s (2.1s including waiting). Image size: 100 bytes.'),
    (None, "Created container: app"),
    (None, "Preempted by pod 45016f92 on node worker-gpu-01"),
    (None, 'Container image "lab.local/box:1" already present on machine and can be accessed by the pod'),
    ("pod_evicted", "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 9Gi. "),
    ("pod_evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. "),
    ("pod_evicted", 'Container app exceeded its local ephemeral storage limit "1Gi". '),
    (None, "Job has reached the specified backoff limit"),
    (None, "Marking for deletion Pod shop/web-0"),
]

WORKLOAD = [
    ("cuda_out_of_memory", "RuntimeError: CUDA error: out of memory"),
    ("cuda_out_of_memory", "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    (
        "cuda_out_of_memory",
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.",
    ),
    (
        "cuda_out_of_memory",
        "ResourceExhaustedError: {{function_node __wrapped}} OOM when allocating tensor with shape[32,1024] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
    ),
    (
        "cuda_out_of_memory",
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
    ),
    (
        "cuda_out_of_memory",
        "ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, which is larger than the available KV cache memory (12.34 GiB).",
    ),
    ("cuda_out_of_memory", "NCCL WARN Cuda failure 'out of memory'"),
    ("cuda_out_of_memory", "NCCL WARN Cuda failure 2 'out of memory'"),
    (
        "cuda_out_of_memory",
        "numba.cuda.cudadrv.driver.CudaAPIError: [2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY",
    ),
    (None, "java.lang.OutOfMemoryError: Java heap space"),
    ("port_in_use", "OSError: [Errno 98] Address already in use"),
    (
        "port_in_use",
        "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
    ),
    ("port_in_use", "Error: listen EADDRINUSE: address already in use :::3000"),
    ("port_in_use", "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"),
    (
        "port_in_use",
        "torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. The server socket has failed to bind to [::]:29500 (errno: 98 - Address already in use).",
    ),
    (None, 'FATAL:  could not create lock file "/var/run/postgresql/.s.PGSQL.5432.lock": Permission denied'),
    ("permission_denied", "PermissionError: [Errno 13] Permission denied: '/data'"),
    ("permission_denied", "Error: EACCES: permission denied, mkdir '/data'"),
    ("permission_denied", "java.nio.file.AccessDeniedException: /data/x"),
    ("permission_denied", "open /data/x: permission denied"),
    ("permission_denied", "/bin/sh: /app/run.sh: Permission denied"),
    ("permission_denied", "sh: can't create /data/x: Permission denied"),
    ("permission_denied", "touch: cannot touch '/data/x': Read-only file system"),
    ("permission_denied", "chown: changing ownership of '/data': Operation not permitted"),
    ("permission_denied", "listen tcp :80: bind: permission denied"),
    ("permission_denied", "mkdir /data/x: read-only file system"),
    ("permission_denied", "exec /app/run.sh: permission denied"),
    ("permission_denied", "bash: /app/x: Permission denied"),
    (None, "Traceback ... botocore.exceptions.ClientError: An error occurred (AccessDenied)"),
    ("dns_or_network_failure", "dial tcp: lookup db on 10.96.0.10:53: server misbehaving"),
    ("dns_or_network_failure", "dial tcp: lookup db on 10.96.0.10:53: read udp 10.1.1.1:4->10.96.0.10:53: i/o timeout"),
    ("dns_or_network_failure", 'Get "http://api:80/": dial tcp: lookup api: no such host'),
    ("dns_or_network_failure", "Error: getaddrinfo ENOTFOUND db"),
    ("dns_or_network_failure", "java.net.UnknownHostException: db"),
    ("dns_or_network_failure", "curl: (6) Could not resolve host: db"),
    (
        "dns_or_network_failure",
        'psycopg2.OperationalError: could not translate host name "db" to address: Name or service not known',
    ),
    ("dns_or_network_failure", "wget: bad address 'db:80'"),
    (
        "dns_or_network_failure",
        "redis.exceptions.ConnectionError: Error -2 connecting to redis:6379. Name or service not known.",
    ),
    ("dependency_unreachable", "dial tcp 10.0.0.5:5432: connect: connection refused"),
    ("dependency_unreachable", "curl: (7) Failed to connect to db port 5432 after 0 ms: Connection refused"),
    (
        "dependency_unreachable",
        "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.",
    ),
    (
        "dependency_unreachable",
        "sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2003, \"Can't connect to MySQL server on 'db' ([Errno 111] Connection refused)\")",
    ),
    (
        "dependency_unreachable",
        "org.postgresql.util.PSQLException: Connection to db:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
    ),
    ("dependency_unreachable", "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure"),
    ("dependency_unreachable", "MongoServerSelectionError: connect ECONNREFUSED 10.0.0.1:27017"),
    (
        "dependency_unreachable",
        "[WARN] Connection to node -1 (kafka/10.0.0.1:9092) could not be established. Broker may not be available.",
    ),
    (
        "dependency_unreachable",
        'grpc: addrConn.createTransport failed to connect to {Addr: "etcd:2379"}. Err: connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.5:2379: connect: connection refused"',
    ),
    (
        "dependency_unreachable",
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.5:2379: i/o timeout"',
    ),
    (
        "dependency_unreachable",
        "requests.exceptions.ConnectTimeout: HTTPConnectionPool(host='api', port=80): Max retries exceeded with url: / (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object at 0x7f>, 'Connection to api timed out. (connect timeout=5)'))",
    ),
    ("dependency_unreachable", "nc: connect to db (10.0.0.5) port 5432 (tcp) failed: Connection refused"),
    (None, "pg_isready: db:5432 - no response"),
    ("missing_config_or_secret", 'required environment variable "DATABASE_URL" is not set'),
    ("missing_config_or_secret", "Error: Environment variable API_KEY not set"),
    ("missing_config_or_secret", 'env: required environment variable "SECRET" is not set'),
    ("missing_config_or_secret", "required key DB_URL missing value"),
    (
        "missing_config_or_secret",
        "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
    ),
    ("missing_config_or_secret", "/entrypoint.sh: line 3: DATABASE_URL: unbound variable"),
    ("missing_config_or_secret", "/entrypoint.sh: 3: DATABASE_URL: parameter not set"),
    ("missing_config_or_secret", "Could not resolve placeholder 'db.url' in value \"${db.url}\""),
    (
        "missing_config_or_secret",
        "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable",
    ),
    ("missing_config_or_secret", "Error: missing required environment variable: API_TOKEN"),
    ("missing_config_or_secret", "FileNotFoundError: [Errno 2] No such file or directory: '/etc/app/config.yaml'"),
    ("missing_config_or_secret", "Error: ENOENT: no such file or directory, open '/run/secrets/db_password'"),
    ("missing_config_or_secret", "open /etc/tls/tls.crt: no such file or directory"),
    ("missing_config_or_secret", 'nginx: [emerg] open() "/etc/nginx/nginx.conf" failed (2: No such file or directory)'),
    (
        "missing_config_or_secret",
        'nginx: [emerg] cannot load certificate "/etc/tls/tls.crt": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory',
    ),
    ("missing_config_or_secret", "java.io.FileNotFoundException: /config/app.properties (No such file or directory)"),
    ("missing_config_or_secret", 'Config File "config" Not Found in "[/etc/app]"'),
    ("missing_config_or_secret", "stat /kubeconfig: no such file or directory"),
    (
        "missing_config_or_secret",
        "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
    ),
    ("segfault", "Segmentation fault (core dumped)"),
    ("segfault", "/entrypoint.sh: line 5:    12 Segmentation fault      (core dumped) ./server"),
    ("shm_exhausted", "/entrypoint.sh: line 5:    12 Bus error               (core dumped) ./server"),
    ("shm_exhausted", "NCCL WARN Error: failed to extend /dev/shm/nccl-AbC to 33030532 bytes"),
    ("shm_exhausted", "OSError: [Errno 28] No space left on device: '/dev/shm/x'"),
    ("wrong_architecture", "standard_init_linux.go:228: exec user process caused: exec format error"),
    ("wrong_architecture", 'standard_init_linux.go:211: exec user process caused "exec format error"'),
    ("wrong_architecture", "/app/server: cannot execute binary file: Exec format error"),
    ("wrong_architecture", "OSError: [Errno 8] Exec format error: '/app/server'"),
    ("bad_command", "exec /entrypoint.sh: no such file or directory"),
    ("bad_command", "standard_init_linux.go:228: exec user process caused: no such file or directory"),
    ("bad_command", "python3: can't open file '/app/x.py': [Errno 2] No such file or directory"),
    ("bad_command", "Error: Cannot find module '/app/server.js'"),
    ("bad_command", "/usr/bin/python3: No module named app"),
    ("bad_command", "flag provided but not defined: -foo"),
    ("bad_command", "Error: unknown flag: --foo"),
    ("bad_command", "error: unexpected argument '--foo' found"),
    ("bad_command", "Error: No such option: --foo"),
    ("bad_command", "/docker-entrypoint.sh: exec: line 47: foo: not found"),
    ("bad_command", "/bin/sh: foo: not found"),
    ("bad_command", "env: can't execute 'foo': No such file or directory"),
    (None, "0 errors"),
    (None, "error_rate=0"),
    (None, "HTTP 404 not found"),
    (None, "user not found"),
    (None, "permission denied for user alice on table x"),
    (None, "timeout exceeded for query, retrying"),
    (None, "File not found: /favicon.ico"),
    (None, "connection closed by peer"),
]


@pytest.mark.parametrize(("means", "text"), KUBELET)
def test_a_message_of_the_kubelet_means_its_cause(means: str | None, text: str) -> None:
    """containerd, CRI-O and docker say the same in different words."""
    found = signatures.match(text, families=("gpu", "kubelet"))
    assert (found.means if found else None) == means


@pytest.mark.parametrize(("means", "text"), WORKLOAD)
def test_a_line_of_a_program_means_its_cause(means: str | None, text: str) -> None:
    """Python, Go, Java, Node, Rust, C++ and shells say the same in different words."""
    found = signatures.match(text, families=("gpu", "workload"))
    assert (found.means if found else None) == means


def test_the_shipped_signatures_hold_what_they_promise() -> None:
    """Samples match their own signature first, and what must not match does not."""
    assert [text for text in signatures.mistakes() if text.startswith(OURS)] == []


def test_every_meaning_is_a_cause_code() -> None:
    """A sign means a code of the catalogue or nothing."""
    means = {one.means for family in OURS for one in signatures.signatures(family)} - {None}
    assert means <= set(all_causes())


def test_every_sign_says_where_it_is_from() -> None:
    """A domain fact has its source."""
    assert [one.id for family in OURS for one in signatures.signatures(family) if not one.source] == []


@pytest.mark.parametrize(
    "text", ["a" * 16000, " " * 16000, "Connection refused" * 900, "exec: " * 2700, '"' * 16000, "lookup " * 2300],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_no_text_makes_a_signature_slow(text: str) -> None:
    """Every pattern is linear; here they only have to come back."""
    for family in OURS:
        for one in signatures.signatures(family):
            one.find(text)
