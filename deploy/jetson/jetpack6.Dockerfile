# edgereg on JetPack 6.x (Orin): Ubuntu 22.04, Python 3.10, CUDA 12.6, TensorRT 10.3.
#   docker build -f deploy/jetson/jetpack6.Dockerfile -t edgereg:jetpack6 .
#   docker run --rm --runtime nvidia --network host --device /dev/video0 \
#       -v edgereg-engines:/var/cache/edgereg edgereg:jetpack6 doctor
# Never built by its authors: they had no board. docs/jetson.md says what is certain in it.
ARG BASE=nvcr.io/nvidia/l4t-jetpack:r36.4.0
FROM ${BASE}

# Whichever OpenCV the image has is taken; where it has none, Ubuntu's, which knows GStreamer, too.
RUN apt-get update \
    && export DEBIAN_FRONTEND=noninteractive \
    && apt-get install --yes --no-install-recommends \
        python3-libnvinfer python3-venv \
        gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
    && { python3 -c "import cv2" || apt-get install --yes --no-install-recommends python3-opencv; } \
    && rm -rf /var/lib/apt/lists/*

# The environment sees the system's OpenCV and TensorRT, and pip installs neither.
RUN python3 -m venv --system-site-packages /opt/edgereg
ENV PATH=/opt/edgereg/bin:${PATH} XDG_CACHE_HOME=/var/cache/edgereg
COPY deploy/jetson/requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --upgrade pip \
    && pip install --no-cache-dir -r /tmp/requirements.txt 'cuda-python==12.6.*'

COPY . /tmp/edgereg
RUN pip install --no-cache-dir --no-deps /tmp/edgereg && rm -rf /tmp/edgereg
COPY deploy/jetson/check_image.py /tmp/check_image.py
RUN python /tmp/check_image.py 10.3

ENTRYPOINT ["edgereg"]
