from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetNotificationRequest(_message.Message):
    __slots__ = ("orderId",)
    ORDERID_FIELD_NUMBER: _ClassVar[int]
    orderId: int
    def __init__(self, orderId: _Optional[int] = ...) -> None: ...

class GetNotificationsByOrdersRequest(_message.Message):
    __slots__ = ("orderIds",)
    ORDERIDS_FIELD_NUMBER: _ClassVar[int]
    orderIds: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, orderIds: _Optional[_Iterable[int]] = ...) -> None: ...

class GetNotificationResponse(_message.Message):
    __slots__ = ("notifications",)
    NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    notifications: _containers.RepeatedCompositeFieldContainer[Notification]
    def __init__(self, notifications: _Optional[_Iterable[_Union[Notification, _Mapping]]] = ...) -> None: ...

class Notification(_message.Message):
    __slots__ = ("id", "orderId", "userId", "message", "status", "sentAt")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORDERID_FIELD_NUMBER: _ClassVar[int]
    USERID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SENTAT_FIELD_NUMBER: _ClassVar[int]
    id: str
    orderId: int
    userId: int
    message: str
    status: str
    sentAt: str
    def __init__(self, id: _Optional[str] = ..., orderId: _Optional[int] = ..., userId: _Optional[int] = ..., message: _Optional[str] = ..., status: _Optional[str] = ..., sentAt: _Optional[str] = ...) -> None: ...
