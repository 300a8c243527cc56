# edgereg on JetPack 7.2 (Orin): Ubuntu 24.04, Python 3.12, CUDA 13.2, TensorRT 10.16.
#   docker build -f deploy/jetson/jetpack7.Dockerfile -t edgereg:jetpack7 .
#   docker run --rm --runtime nvidia --network host --device /dev/video0 \
#       -v edgereg-engines:/var/cache/edgereg edgereg:jetpack7 doctor
# Never built by its authors: they had no board. docs/jetson.md says what is certain in it.
# No l4t-jetpack image of this line is known to them. The CUDA images for Arm servers run on its
# boards, but their package source goes before NVIDIA's for Jetson and mixes TensorRT versions, some
# of which don't know Orin's GPU. So: plain Ubuntu, and the source that the board was installed from.
ARG BASE=ubuntu:24.04
FROM ${BASE}
ARG RELEASE=r39.2

# What the CUDA images set: the container runtime brings the board's driver in.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=all

ADD https://repo.download.nvidia.com/jetson/jetson-ota-public.asc /etc/apt/keyrings/jetson.asc
RUN apt-get update \
    && export DEBIAN_FRONTEND=noninteractive \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && chmod 644 /etc/apt/keyrings/jetson.asc \
    && echo "deb [signed-by=/etc/apt/keyrings/jetson.asc]" \
        "https://repo.download.nvidia.com/jetson/common ${RELEASE} main" \
        > /etc/apt/sources.list.d/jetson.list \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        python3-libnvinfer python3-opencv python3-venv \
        gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
    && rm -rf /var/lib/apt/lists/*

# The environment sees the system's OpenCV and TensorRT, and pip installs neither.
RUN python3 -m venv --system-site-packages /opt/edgereg
ENV PATH=/opt/edgereg/bin:${PATH} XDG_CACHE_HOME=/var/cache/edgereg
COPY deploy/jetson/requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --upgrade pip \
    && pip install --no-cache-dir -r /tmp/requirements.txt 'cuda-python==13.2.*'

COPY . /tmp/edgereg
RUN pip install --no-cache-dir --no-deps /tmp/edgereg && rm -rf /tmp/edgereg
COPY deploy/jetson/check_image.py /tmp/check_image.py
RUN python /tmp/check_image.py 10.16

ENTRYPOINT ["edgereg"]
